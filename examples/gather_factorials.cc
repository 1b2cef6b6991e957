// Three concurrent computations, and all their results.
//
// Each lets the others run after every step. gather() runs them as tasks and
// returns their results in the order of its arguments, in whichever order the
// tasks end. The result is a tuple, because each task may return another type.
//
// After an example of Python's documentation ("Running Tasks Concurrently"), at
// a hundred times its pace.

#include <chrono>
#include <cstdint>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

loop::Coroutine<std::uint64_t> factorial(std::string name, unsigned number) {
  const std::string n = std::to_string(number);
  std::uint64_t result = 1;
  for (unsigned i = 2; i <= number; ++i) {
    print_line("Task " + name + ": Compute factorial(" + n +
               "), currently i=" + std::to_string(i) + "...");
    co_await loop::sleep(10ms);
    result *= i;
  }
  print_line("Task " + name + ": factorial(" + n +
             ") = " + std::to_string(result));
  co_return result;
}

loop::Coroutine<> gather_factorials() {
  const auto [a, b, c] = co_await loop::gather(
      factorial("A", 2), factorial("B", 3), factorial("C", 4));
  print_line(std::to_string(a) + ", " + std::to_string(b) + ", " +
             std::to_string(c));
}

int main() { loop::run(gather_factorials()); }

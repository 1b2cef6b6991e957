// Says hello every 3 seconds and meanwhile answers each number n with F(n),
// with two threads: while one sleeps, waits for input or computes, the kernel
// runs the other.
//
// Try: 45. Hello continues during the computation, which is impossible in the
// programs with one thread. Then type two numbers at once while fib(45) is
// running: they wait, because the reading thread computes.

#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include "examples/fib.h"
#include "examples/hello.h"

using namespace std::chrono_literals;

int main() {
  // Python stops a daemon thread dead when the program ends. In C++ the thread
  // would continue while main() and the library clean up, and use destroyed
  // objects. So its sleep is a wait for the end of input, at most 3 seconds
  // long.
  std::promise<void> end_of_input;
  std::thread hello([ended = end_of_input.get_future()] {
    do examples::print_hello();
    while (ended.wait_for(3s) == std::future_status::timeout);
  });

  for (std::string line; std::getline(std::cin, line);) {
    examples::print_fib(line);
  }
  end_of_input.set_value();
  hello.join();
  // Ctrl-C ends this program like any other: by SIGINT, exit status 130 in a
  // shell. There is nothing to clean up; each line was printed in one piece.
}

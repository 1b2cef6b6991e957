// Blocking work in another thread, so that the loop can continue.
//
// A coroutine that computes, or calls a blocking function, lets no other
// coroutine run meanwhile. to_thread() runs a function in a thread and awaits
// its result. So fib() and the clock run concurrently, in one program without a
// lock, because neither uses the data of the other.
//
// After an example of Python's documentation ("Running in Threads").
//
// Try: worker_threads 42. And: call examples::fib(n) in compute() itself, and
// the clock stands still.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "examples/fib.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

loop::Coroutine<> compute(unsigned n) {
  const auto fib_n = [n] { return examples::fib(n); };
  const std::uint64_t result = co_await loop::to_thread(fib_n);
  print_line("fib(" + std::to_string(n) + ") = " + std::to_string(result));
}

loop::Coroutine<> tick(int& ticks) {
  for (;;) {
    co_await loop::sleep(1ms);
    ++ticks;
  }
}

loop::Coroutine<> worker_threads(unsigned n) {
  int ticks = 0;
  const auto clock = loop::create_task(tick(ticks));
  co_await compute(n);
  clock.cancel();
  print_line(ticks > 0 ? "meanwhile the clock went on"
                       : "meanwhile the clock stood still");
}

// n is an argument, because for a constant an optimising compiler computes
// fib() itself.
int main(int argc, char** argv) {
  const unsigned n = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 35;
  loop::run(worker_threads(n));
}

// What would keep the loop from its work goes to another thread.
//
// A coroutine that computes, or calls what blocks, lets nobody else run
// meanwhile. to_thread() runs a function in a thread and awaits what it
// returns: so fib() and the clock go on side by side, in one program without
// a lock, as neither touches what is the other's.
//
// After an example of Python's documentation ("Running in Threads").
//
// Try: call examples::fib(35) in compute() itself, and the clock stands still.

#include <chrono>
#include <cstdint>
#include <string>

#include "examples/fib.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

loop::Coroutine<> compute() {
  const auto fib_35 = [] { return examples::fib(35); };
  const std::uint64_t result = co_await loop::to_thread(fib_35);
  print_line("fib(35) = " + std::to_string(result));
}

loop::Coroutine<> tick(int& ticks) {
  for (;;) {
    co_await loop::sleep(10ms);
    ++ticks;
  }
}

loop::Coroutine<> worker_threads() {
  int ticks = 0;
  const auto clock = loop::create_task(tick(ticks));
  co_await compute();
  clock.cancel();
  print_line(ticks > 0 ? "meanwhile the clock went on"
                       : "meanwhile the clock stood still");
}

int main() { loop::run(worker_threads()); }

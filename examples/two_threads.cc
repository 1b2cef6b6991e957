// A worker thread computes Fibonacci numbers and passes each one to the loop.
// The loop prints the numbers and ticks meanwhile. Long computations belong in
// a thread, because a loop that computes handles no events.
//
// The worker calls call_soon_threadsafe(). With call_soon() two threads would
// change the same queue at the same time: a data race, which is undefined
// behaviour. Even without a crash, the loop would block in the kernel until a
// descriptor is ready or its next tick is due. Nothing would wake the loop, and
// without ticks it would block forever, beside a full queue.
//
// In Python the two threads take turns, which delays the ticks. Here each
// thread has a core, if there are two.
//
// Only the loop's thread prints, and only that thread uses the variables of the
// callbacks. So there is no lock in this program.
//
// Try: call_soon() in the worker, and loop.set_debug(true), which detects the
// mistake. ./bazelw run --config=tsan //examples:two_threads also does.

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "examples/fib.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

// The work of the worker thread. Callbacks run in the order in which they were
// passed to the loop, so that the last one may stop the loop.
void compute(loop::EventLoop& loop) {
  for (unsigned n = 30; n <= 35; ++n) {
    const auto result = examples::fib(n);
    loop.call_soon_threadsafe([n, result] {
      print_line("fib(" + std::to_string(n) + ") = " + std::to_string(result));
    });
  }
  loop.call_soon_threadsafe([&loop] { loop.stop(); });
}

int main() try {
  loop::EventLoop loop;
  loop.call_every(20ms, [] { print_line("tick"); });
  std::thread worker([&loop] { compute(loop); });
  loop.run_forever();
  worker.join();  // The worker must not outlive the loop.
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

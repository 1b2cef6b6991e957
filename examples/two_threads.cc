// A worker thread computes Fibonacci numbers and hands each to the loop, which
// prints it, and which ticks meanwhile: what takes long belongs in a thread,
// as a loop that computes hears nothing.
//
// The worker says call_soon_threadsafe(). With call_soon() two threads would
// change the same queue at the same time, a data race, after which anything may
// happen. And if it went well: the loop sleeps, in the kernel, until a
// descriptor is ready or its next tick is due. Nobody would wake it, and
// without ticks it would sleep forever, beside a full queue.
//
// In Python the two threads take turns, and ticks are late for it. Here each
// has a core, if there are two.
//
// Everything that is printed, and all that the callbacks use, is used by the
// loop's thread alone. So there is no lock in this program.
//
// Try: call_soon() in the worker, and loop.set_debug(true), which finds out.
// ./bazelw run --config=tsan //examples:two_threads does so, too.

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

// What the worker does. Callbacks run in the order in which they are handed
// over, so that the last one may stop the loop.
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
  worker.join();  // It must not outlive the loop that it talks to.
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

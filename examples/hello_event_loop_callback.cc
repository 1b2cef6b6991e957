// Says hello every 3 seconds and meanwhile answers each number n with F(n). The
// program only registers callbacks: an event loop does the waiting. A line
// "exit" stops the program.
//
// The Python program has a loop of its own, with a sorted list of timers. That
// loop calls select(0) forever, and so keeps a core busy. This loop blocks
// until a descriptor is ready or the first timer is due. In the Python program
// each hello schedules the next one 3 seconds later, and the delays add up.
// Here the hellos keep to a fixed schedule.
//
// Try: SELECTORS_TRACE=1, and compare with hello_selectors_poll: the system
// calls are the same. Then 45: hello comes late, because a callback has to end
// before another one begins. And input from a file: < README.md

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

#include "examples/fib.h"
#include "examples/hello.h"
#include "examples/line_reader.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;

// Answers all lines that are complete now. Stops the loop at a line "exit", the
// rest of the input being ignored, and at end of input.
void on_stdin_input(loop::EventLoop& loop, examples::LineReader& input) {
  const bool more = input.read_some();
  while (const auto line = input.next_line()) {
    if (examples::stripped(*line) == "exit") return loop.stop();
    examples::print_fib(*line);
  }
  if (!more) loop.stop();
}

int main() try {
  loop::EventLoop loop;
  examples::LineReader input(STDIN_FILENO);
  loop.call_soon(examples::print_hello);
  loop.call_every(3s, examples::print_hello);
  loop.add_reader(STDIN_FILENO, [&] { on_stdin_input(loop, input); });

  // A loop continues after an exception of a callback. Without input this loop
  // has no purpose, though, and a failing read() would be repeated forever.
  std::exception_ptr error;
  loop.set_exception_handler(
      [&error](loop::EventLoop& failed, const loop::ExceptionContext& context) {
        error = context.exception;
        failed.stop();
      });

  loop.run_forever();
  if (error) std::rethrow_exception(error);
  // Ctrl-C ends this program like any other. The program "signals" shows how a
  // loop can handle Ctrl-C.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

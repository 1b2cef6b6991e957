// Says hello every 3 seconds and meanwhile answers each number n with F(n), and
// says only what to do when: that is all that is left of the program when an
// event loop does the waiting. A line "exit" stops it.
//
// The Python program brings a loop of its own, with a sorted list of timers; it
// asks select(0) forever, and so keeps a core busy with waiting. This one's
// sleeps until a descriptor is ready or the first timer is due. There, each
// hello asks for the next one 3 seconds from then, and all that makes it late
// adds up. Here they come on a beat.
//
// Try: SELECTORS_TRACE=1, and compare with hello_selectors_poll: the same
// system calls. Then 45: hello comes late, as a callback has to end before
// another one begins. And input from a file: < README.md

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
// rest of the input being nobody's business then, and at end of input.
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

  // A loop outlives what its callbacks throw. Without input this one has no
  // purpose, though, and what cannot be read would be reported ready forever.
  std::exception_ptr error;
  loop.set_exception_handler(
      [&error](loop::EventLoop& failed, const loop::ExceptionContext& context) {
        error = context.exception;
        failed.stop();
      });

  loop.run_forever();
  if (error) std::rethrow_exception(error);
  // Ctrl-C ends it as it ends any program. The program "signals" shows how a
  // loop can be told.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

// Says hello every 3 seconds and meanwhile answers each number n with F(n), in
// one thread. The thread blocks in a single call, select(), until there is
// input or the next hello is due, whichever comes first.
//
// The Python program wakes ten times a second to check the time. This one
// blocks for exactly as long as there is nothing to do.
//
// Try: SELECTORS_TRACE=1, to watch its system calls, and with it
// SELECTORS_BACKEND=select, poll or epoll, to select another backend. Then 45:
// hello comes late, because the program does not poll while it computes.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <system_error>

#include "examples/fib.h"
#include "examples/hello.h"
#include "examples/line_reader.h"
#include "examples/print_line.h"
#include "selectors/selectors.h"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;  // Unaffected if the date is set.

// Answers all lines that are complete now. Returns false at end of input.
bool process_input(examples::LineReader& input) {
  const bool more = input.read_some();
  while (const auto line = input.next_line()) examples::print_fib(*line);
  return more;
}

// Watches standard input. Returns false if the input is always ready and need
// not be watched. epoll refuses to watch files and /dev/null for this reason;
// select and poll report them as ready each time.
bool watch_input(selectors::BaseSelector& selector) {
  try {
    selector.register_(STDIN_FILENO, selectors::EVENT_READ);
  } catch (const selectors::OSError& error) {
    if (error.code() != std::errc::operation_not_permitted) throw;
    return false;
  }
  return true;
}

int main() try {
  selectors::DefaultSelector selector;
  const bool must_wait = watch_input(selector);
  examples::LineReader input(STDIN_FILENO);
  auto next_hello = Clock::now();
  for (bool more = true; more;) {
    const auto now = Clock::now();
    if (now >= next_hello) examples::print_hello();
    // On schedule, however late this hello was. Missed hellos are left out.
    while (next_hello <= now) next_hello += 3s;

    if (!must_wait || !selector.select(next_hello - Clock::now()).empty()) {
      more = process_input(input);
    }
  }
  // Ctrl-C ends this program like any other: by SIGINT, exit status 130 in a
  // shell. There is nothing to clean up; each line was printed in one piece.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

// Says hello every 3 seconds and meanwhile answers each number n with F(n), in
// one thread, which sleeps in a single place: select(), until there is input or
// the next hello is due, whichever comes first.
//
// The Python program wakes ten times a second to look at its watch. This one
// waits for exactly as long as there is nothing to do.
//
// Try: SELECTORS_TRACE=1, to see what it asks of the kernel, and with it
// SELECTORS_BACKEND=select, poll or epoll, to see it asked in other words. Then
// 45: as nobody is in select() meanwhile, hello comes late.

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#include "examples/fib.h"
#include "examples/hello.h"
#include "examples/print_line.h"
#include "selectors/selectors.h"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;  // Goes on evenly if the date is set.

// Reads what has arrived, once, and answers all lines that are complete now;
// `buffer` keeps the beginning of the next one. Returns false at end of input.
//
// std::getline will not do: it reads ahead, into a buffer of its own, and gives
// the first line. The others would lie there while select(), which knows only
// what is left in the kernel, waits for more.
bool process_input(int fd, std::string& buffer) {
  char chunk[4096];
  const auto size = ::read(fd, chunk, sizeof(chunk));
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;  // Not now; ask again.
    throw selectors::make_os_error(errno, "standard input");
  }
  const bool at_end = size == 0;
  buffer.append(chunk, static_cast<std::size_t>(size));
  if (at_end && !buffer.empty()) buffer += '\n';  // The last line may lack it.
  for (std::size_t end; (end = buffer.find('\n')) != std::string::npos;) {
    examples::print_fib(buffer.substr(0, end));
    buffer.erase(0, end + 1);
  }
  return !at_end;
}

// Watches standard input. Returns false if there is no need to, since it is
// always ready: epoll says so of files and of /dev/null, by refusing them,
// where select and poll report them each time.
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
  std::string buffer;
  auto next_hello = Clock::now();
  for (bool more = true; more;) {
    const auto now = Clock::now();
    if (now >= next_hello) examples::print_hello();
    // On the beat, however late this one was; those missed are left out.
    while (next_hello <= now) next_hello += 3s;

    if (!must_wait) {
      more = process_input(STDIN_FILENO, buffer);
      continue;
    }
    const auto timeout = next_hello - Clock::now();
    for (const auto& [key, events] : selector.select(timeout)) {
      more = process_input(key.fd, buffer);
    }
  }
  // Ctrl-C ends it as it ends any program: by SIGINT, exit status 130 in a
  // shell. There is nothing to tidy up; each line was printed in one piece.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

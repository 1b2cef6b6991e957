// Says hello every 3 seconds and meanwhile answers each number n with F(n),
// like hello_event_loop_callback. But "say hello, wait, and again" is now
// written as a loop. A coroutine is a function that can wait in the middle
// while others run; such a function need not be cut into callbacks.
//
// Input is still a callback, because add_reader() needs one. A future connects
// the two: the callback sets the future when there is no more input, and the
// coroutine awaits the future. An error takes the same way.
//
// The Python program sleeps 3 seconds after each hello. This one sleeps until
// the next hello is due, so that a late hello does not delay the later ones.
// Its input can also be a file or /dev/null, which epoll refuses to watch.
//
// Try: 45, and hello comes late, because a coroutine lets others run only where
// it awaits. Ctrl-C requests that the program end at its next wait; a second
// Ctrl-C ends it at once. `kill -USR2` with its process id prints its tasks.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "examples/fib.h"
#include "examples/hello.h"
#include "examples/line_reader.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;

loop::Coroutine<> say_hello() {
  const loop::EventLoop& event_loop = loop::get_running_loop();
  auto next = event_loop.time();
  for (;;) {
    examples::print_hello();
    next += 3s;
    co_await loop::sleep(next - event_loop.time());
  }
}

// Answers all lines that are complete now. A line "exit" and the end of input
// make the future `ended` done.
void on_stdin_input(examples::LineReader& input,
                    const loop::Future<void>& ended) try {
  const bool more = input.read_some();
  while (const auto line = input.next_line()) {
    if (examples::stripped(*line) == "exit") return ended.set_result();
    examples::print_fib(*line);
  }
  if (!more) ended.set_result();
} catch (...) {
  ended.set_exception(std::current_exception());
}

// A callback for a descriptor, which the destructor removes. The callback
// refers to variables of the enclosing coroutine, which Ctrl-C or an error may
// end.
class Reader {
 public:
  Reader(loop::EventLoop& event_loop, int fd, loop::Callback callback)
      : event_loop_(event_loop), fd_(fd) {
    event_loop_.add_reader(fd_, std::move(callback));
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { event_loop_.remove_reader(fd_); }

 private:
  loop::EventLoop& event_loop_;
  const int fd_;
};

loop::Coroutine<> hello_asyncio() {
  loop::EventLoop& event_loop = loop::get_running_loop();
  loop::print_tasks_on_signal(event_loop);

  const auto ended = loop::create_future<void>(event_loop);
  examples::LineReader input(STDIN_FILENO);
  const auto on_input = [&] {
    // Input may be ready again before the coroutine below has resumed.
    if (!ended.done()) on_stdin_input(input, ended);
  };
  const Reader reader(event_loop, STDIN_FILENO, on_input);
  loop::create_task(say_hello(), {.name = "hello"});
  co_await ended;
  // run() cancels the remaining task, which says hello.
}

int main() try {
  loop::run(hello_asyncio());
} catch (const loop::KeyboardInterrupt&) {
  return 128 + SIGINT;  // The status that a shell reports after Ctrl-C.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

// Says hello every 3 seconds and meanwhile answers each number n with F(n): as
// hello_event_loop_callback does, but "say hello, wait, and again" is written
// as what it is, a loop. A coroutine is a function that can wait in the middle
// while others run; nobody had to cut it into callbacks.
//
// Input is still a callback, as add_reader() wants one. What ties the two
// together is a future: the callback sets it when there is no more input, the
// coroutine awaits it. An error goes the same way.
//
// Where the Python program sleeps 3 seconds after each hello, this one sleeps
// until the next is due, so that a late hello does not make those after it
// late. Its input can be a file or /dev/null, too, which epoll refuses to
// watch.
//
// Try: 45, and hello comes late; a coroutine gives way only where it awaits.
// Ctrl-C asks it to end, and it does so when it waits next; a second one does
// not ask. `kill -USR2` with its process id shows where its tasks stand.

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
// make `ended` done.
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

// Removes itself, also when Ctrl-C or an error ends the coroutine that it
// stands in, whose variables the callback refers to.
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
    // Reported ready again before the coroutine below has had its turn.
    if (!ended.done()) on_stdin_input(input, ended);
  };
  const Reader reader(event_loop, STDIN_FILENO, on_input);
  loop::create_task(say_hello(), "hello");
  co_await ended;
  // run() cancels what is left: the task that says hello.
}

int main() try {
  loop::run(hello_asyncio());
} catch (const loop::KeyboardInterrupt&) {
  return 128 + SIGINT;  // As a shell says it of a program that Ctrl-C ended.
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

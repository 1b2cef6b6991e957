// Says hello every 3 seconds and meanwhile answers each number n with F(n). A
// line "exit" stops the program. This is hello_event_loop_callback, written
// with futures: a result that will exist later is a value, which can be
// returned.
//
// In hello_event_loop_callback one function reads lines and handles them. Here
// a function returns a future of a line, and does not know its users. An error
// takes the same way as a result. The handling of a line is still a callback,
// so a loop becomes a function that schedules itself again. Coroutines solve
// that, too: hello_asyncio.
//
// Try: 45, and input from a file: < README.md

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "examples/fib.h"
#include "examples/hello.h"
#include "examples/line_reader.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;

namespace {

using Line = std::optional<std::string>;  // nullopt at the end of input.

// Standard input, line by line.
class Lines {
 public:
  explicit Lines(loop::EventLoop& loop) : loop_(loop) {}

  // Returns a future of the next line. Only one future may be pending at a
  // time.
  loop::Future<Line> next() {
    const loop::Future<Line> future(loop_);
    const Line line = input_.next_line();
    if (line || at_end_) {
      future.set_result(line);
    } else {
      loop_.add_reader(STDIN_FILENO, [this, future] { read_for(future); });
    }
    return future;
  }

 private:
  // `future` is passed by value, because remove_reader() destroys the handler
  // that holds the other copy.
  void read_for(loop::Future<Line> future) try {
    at_end_ = !input_.read_some();
    const Line line = input_.next_line();
    if (!line && !at_end_) return;  // The rest of the line has not arrived.
    loop_.remove_reader(STDIN_FILENO);
    future.set_result(line);
  } catch (...) {
    loop_.remove_reader(STDIN_FILENO);
    future.set_exception(std::current_exception());
  }

  loop::EventLoop& loop_;
  examples::LineReader input_{STDIN_FILENO};
  bool at_end_ = false;
};

// Returns a future that is done at `when`.
loop::Future<void> time_of(loop::EventLoop& loop, loop::TimePoint when) {
  const loop::Future<void> future(loop);
  loop.call_at(when, [future] { future.set_result(); });
  return future;
}

void hello_from(loop::EventLoop& loop, loop::TimePoint when) {
  time_of(loop, when).add_done_callback([&loop, when] {
    examples::print_hello();
    hello_from(loop, when + 3s);  // On schedule, however late this hello was.
  });
}

// Answers all lines until a line "exit" or the end of input. Then `end` is
// done.
void answer(Lines& lines, loop::Future<void> end) {
  lines.next().add_done_callback([&lines, end](loop::Future<Line> next) {
    try {
      const Line& line = next.result();
      if (!line || examples::stripped(*line) == "exit") return end.set_result();
      examples::print_fib(*line);
      answer(lines, end);
    } catch (...) {
      end.set_exception(std::current_exception());
    }
  });
}

}  // namespace

int main() try {
  loop::EventLoop loop;
  Lines lines(loop);
  hello_from(loop, loop.time());
  const loop::Future<void> end(loop);
  answer(lines, end);
  loop::run_until_complete(end);
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

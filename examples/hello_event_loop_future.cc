// Says hello every 3 seconds and meanwhile answers each number n with F(n). A
// line "exit" stops it. The same as hello_event_loop_callback, said with
// futures: things that will be there later are values, which can be returned.
//
// There, what to do with a line stands where lines are read. Here a function
// returns a future of a line, and knows nothing of those who want it; an error
// travels the same way as a result. What to do then is still a callback, so
// that what was a loop is a function that has itself called again. Coroutines
// take that away as well: hello_asyncio.
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

using Line = std::optional<std::string>;  // nullopt: there are no more.

// Standard input, line by line.
class Lines {
 public:
  explicit Lines(loop::EventLoop& loop) : loop_(loop) {}

  // One at a time: ask for the next when this one is done.
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
  // By value: the handler that called this dies when it is removed.
  void read_for(loop::Future<Line> future) try {
    at_end_ = !input_.read_some();
    const Line line = input_.next_line();
    if (!line && !at_end_) return;  // The rest of it is still to come.
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

// Done when the time has come.
loop::Future<void> time_of(loop::EventLoop& loop, loop::TimePoint when) {
  const loop::Future<void> future(loop);
  loop.call_at(when, [future] { future.set_result(); });
  return future;
}

void hello_from(loop::EventLoop& loop, loop::TimePoint when) {
  time_of(loop, when).add_done_callback([&loop, when] {
    examples::print_hello();
    hello_from(loop, when + 3s);  // On a beat, however late this one was.
  });
}

// Until a line "exit", or the end of input: then `end` is done.
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

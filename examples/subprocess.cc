// Other programs: their input and output, their exit status, and their end.
//
// create_subprocess_exec() starts a program, and create_subprocess_shell() a
// command of the shell. Their standard streams are inherited, or connected to a
// descriptor, /dev/null, or a pipe, whose other end is a stream. communicate()
// writes and reads all pipes at the same time: to write much first, and to read
// then, can block both programs forever, each on a full pipe.
//
// Programs run at the same time as the loop. A program that is cancelled has to
// be told: a task that no longer waits for a process does not end the process.
//
// Try: SELECTORS_TRACE=1. pidfd_open() makes a descriptor of a process, which
// becomes readable when the process ends.

#include <chrono>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

// The whole input and the whole output.
loop::Coroutine<> sort() {
  const auto process = loop::create_subprocess_exec(
      "sort", {"-r"}, {.stdin_ = loop::PIPE, .stdout_ = loop::PIPE});
  const auto output = co_await process.communicate("a\nc\nb\n");
  print_line("sorted: " + output.stdout_.substr(0, 5));
}

// Line by line, while the program runs.
loop::Coroutine<> count() {
  const auto process = loop::create_subprocess_shell(
      "for i in 1 2 3; do echo line $i; done; exit 4", {.stdout_ = loop::PIPE});
  while (const auto line = co_await process.stdout_->next_line()) {
    print_line("read: " + line->substr(0, line->size() - 1));
  }
  const int status = co_await process.wait();
  print_line("exit status: " + std::to_string(status));
}

// A time limit.
loop::Coroutine<> limit() {
  const auto process = loop::create_subprocess_exec("sleep", {"3600"});
  try {
    co_await loop::wait_for(process.wait(), 50ms);
  } catch (const loop::TimeoutError&) {
    process.terminate();
  }
  const int status = co_await process.wait();
  print_line("ended by signal " + std::to_string(-status));
}

loop::Coroutine<> all() {
  co_await sort();
  co_await count();
  co_await limit();
}

int main() { loop::run(all()); }

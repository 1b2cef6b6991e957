// Tasks that belong together, in a TaskGroup.
//
// A TaskGroup ends when all its tasks have ended: no task can be forgotten. If
// one fails, the others are cancelled, and the coroutine that awaits the group
// gets all errors, in one exception. In Python a group is "async with", around
// a body; here the body is a coroutine that run() awaits.
//
// After an example of Python's documentation ("Task Groups").

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

loop::Coroutine<std::string> fetch(std::string page) {
  try {
    co_await loop::sleep(10ms);
    if (page == "missing") throw std::runtime_error("no such page: " + page);
    co_await loop::sleep(10ms);
  } catch (const loop::CancelledError&) {
    print_line("  " + page + ": cancelled");
    throw;
  }
  print_line("  " + page + ": here");
  co_return "<" + page + ">";
}

loop::Coroutine<std::string> fetch_both(loop::TaskGroup& group,
                                        std::string second) {
  const auto a = group.create_task(fetch("index"));
  const auto b = group.create_task(fetch(second));
  const std::string first_page = co_await a;
  co_return first_page + co_await b;
}

loop::Coroutine<> task_group() {
  print_line("all is well:");
  loop::TaskGroup first;
  print_line("  " + co_await first.run(fetch_both(first, "news")));

  print_line("one fails:");
  loop::TaskGroup second;
  try {
    co_await second.run(fetch_both(second, "missing"));
  } catch (const loop::ExceptionGroup& group) {
    for (const std::exception_ptr& exception : group.exceptions()) try {
        std::rethrow_exception(exception);
      } catch (const std::exception& error) {
        print_line("  error: " + std::string(error.what()));
      }
  }
}

int main() { loop::run(task_group()); }

// The promises about fork().

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"
#include "tests/benchmarks/promises/promise.h"

namespace promises {
namespace {

// The exit statuses of a child.
enum : int { kWorks = 0, kDeaf = 1, kRefused = 2, kNoCall = 3 };

// Runs `body` in a child. Returns the child's exit status, which `body` returns
// or is kRefused after an exception, or -1 if a signal has ended the child.
int status_of_child(const std::function<int()>& body) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(3);
    try {
      ::_exit(body());
    } catch (const std::exception&) {
      ::_exit(kRefused);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Returns whether the loop reports a descriptor and runs a timer.
bool works(AnyLoop& loop) {
  const Pipe pipe;
  pipe.write_byte();
  int calls = 0;
  std::size_t watcher = 0;
  watcher = loop.watch(pipe.reader, [&] {
    loop.unwatch(watcher);
    ++calls;
  });
  loop.start_timer(1ms, [&] { ++calls; });
  run_for(loop, 50ms);
  return calls == 2;
}

// Makes the library's call for a child, if it is wanted. Returns whether the
// call has been made or is not wanted.
bool prepare_child(AnyLoop& loop, bool with_call) {
  return !with_call || loop.after_fork_in_child();
}

Result child_works(AnyLoop& loop, bool with_call) {
  works(loop);
  const int status = status_of_child([&] {
    if (!prepare_child(loop, with_call)) return kNoCall;
    return works(loop) ? kWorks : kDeaf;
  });
  switch (status) {
    case kNoCall:
      return not_applicable("no call");
    case kRefused:
      return kept_if(false, "refused");
    default:
      return kept_if(status == kWorks, status == -1 ? "crashed or hung" : "");
  }
}

// Whether the parent's watcher runs after the child has removed its copy.
Result parent_is_unharmed(AnyLoop& loop, bool with_call) {
  const Pipe pipe;
  bool called = false;
  const std::size_t watcher = loop.watch(pipe.reader, [&] {
    called = true;
    loop.stop();
  });
  run_for(loop, 2ms);
  const int status = status_of_child([&] {
    if (!prepare_child(loop, with_call)) return kNoCall;
    loop.unwatch(watcher);
    run_for(loop, 2ms);
    return kWorks;
  });
  if (status == kNoCall) return not_applicable("no call");
  pipe.write_byte();
  run_for(loop, 50ms);
  return kept_if(called, called ? "" : "deaf");
}

}  // namespace

std::vector<Promise> fork_promises() {
  return {
      {"fork() without a call: the loop works in the child",
       [](AnyLoop& loop) { return child_works(loop, false); }},
      {"… the parent's watchers stay when the child removes its copies",
       [](AnyLoop& loop) { return parent_is_unharmed(loop, false); }},
      {"fork() with the library's call: the loop works in the child",
       [](AnyLoop& loop) { return child_works(loop, true); }},
      {"… the parent's watchers stay when the child removes its copies",
       [](AnyLoop& loop) { return parent_is_unharmed(loop, true); }},
  };
}

}  // namespace promises

// The promises about descriptors, and about the order in one iteration.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"
#include "tests/benchmarks/promises/promise.h"

namespace promises {
namespace {

// Closes `fd`, and gives its number to the read end of a new pipe.
Pipe reuse(int fd) {
  Pipe pipe;
  ::dup2(pipe.reader, fd);
  ::close(pipe.reader);
  pipe.reader = fd;
  return pipe;
}

Result removed_watcher_never_runs(AnyLoop& loop) {
  std::vector<std::size_t> watchers;
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    const Pipe pipe;
    pipe.write_byte();
    watchers.push_back(loop.watch(pipe.reader, [&] {
      if (++ran > 1) return;
      for (const std::size_t watcher : watchers) loop.unwatch(watcher);
    }));
  }
  run_for(loop, 20ms);
  return kept_if(ran == 1, ran == 1 ? "" : std::to_string(ran) + " run");
}

// The callback that runs first removes the other's watcher and closes its
// descriptor, and a silent pipe gets the number.
Result new_owner_gets_no_stale_event(AnyLoop& loop) {
  const Pipe pipes[2];
  std::size_t watchers[2];
  bool stale = false;
  bool first = true;
  for (int i = 0; i < 2; ++i) {
    pipes[i].write_byte();
    watchers[i] = loop.watch(pipes[i].reader, [&, i] {
      loop.unwatch(watchers[i]);
      if (!first) return;
      first = false;
      const int other = 1 - i;
      loop.unwatch(watchers[other]);
      reuse(pipes[other].reader);
      loop.watch(pipes[other].reader, [&] {
        stale = true;
        loop.stop();
      });
    });
  }
  run_for(loop, 20ms);
  return kept_if(!stale);
}

Result file_is_ready(AnyLoop& loop, const char* path) {
  bool ready = false;
  loop.watch(::open(path, O_RDONLY), [&] {
    ready = true;
    loop.stop();
  });
  run_for(loop, 20ms);
  check(-loop.told_error());
  return kept_if(ready, ready ? "" : "never called");
}

Result regular_file_is_ready(AnyLoop& loop) {
  return file_is_ready(loop, "/proc/self/exe");
}

Result dev_null_is_ready(AnyLoop& loop) {
  return file_is_ready(loop, "/dev/null");
}

// Runs the loop for 20 ms, or until `calls`, which a callback counts, is large.
// Returns the remark about a callback that runs without a reason.
std::string remark_of(AnyLoop& loop, const int& calls) {
  run_for(loop, 20ms);
  if (calls >= 100) return "called endlessly";
  return calls > 0 ? "called" : "";
}

Result number_that_is_not_open_is_refused(AnyLoop& loop) {
  if (!loop.permits_bad_descriptors()) return not_applicable("not permitted");
  constexpr int kNotOpen = 999;
  int calls = 0;
  bool refused = false;
  loop.start_timer(1ms, [&] {
    try {
      loop.watch(kNotOpen, [&] {
        if (++calls >= 100) loop.stop();
      });
    } catch (const std::system_error& error) {
      refused = error.code().value() == EBADF;
    }
  });
  const std::string remark = remark_of(loop, calls);
  return kept_if(refused, refused || !remark.empty() ? remark : "silent");
}

Result closed_descriptor_is_silent(AnyLoop& loop) {
  const Pipe pipe;
  int calls = 0;
  loop.watch(pipe.reader, [&] {
    if (++calls >= 100) loop.stop();
  });
  run_for(loop, 2ms);
  pipe.write_byte();
  ::close(pipe.reader);
  const std::string remark = remark_of(loop, calls);
  return kept_if(calls == 0, remark);
}

Result reused_number_is_served(AnyLoop& loop) {
  const Pipe old_pipe;
  std::set<std::string> called;
  int calls = 0;
  const auto note = [&](const char* name) {
    return [&, name] {
      called.insert(name);
      if (++calls >= 10) loop.stop();
    };
  };
  loop.watch(old_pipe.reader, note("old"));
  run_for(loop, 2ms);
  const Pipe new_pipe = reuse(old_pipe.reader);
  loop.watch(new_pipe.reader, note("new"));
  new_pipe.write_byte();
  run_for(loop, 20ms);
  std::string remark;
  for (const std::string& name : called) {
    remark += (remark.empty() ? "" : " and ") + name;
  }
  const bool served = remark == "new";
  return kept_if(served, served           ? ""
                         : called.empty() ? "none called"
                                          : remark + " called");
}

// Lets two descriptors become ready and a timer due while a callback works.
// Returns the order in which their callbacks run.
std::string order_of_iteration(AnyLoop& loop, bool second_first,
                               bool timer_first) {
  std::string order;
  std::size_t watchers[2];
  Pipe pipes[2];
  const auto note = [&](char name) {
    order += name;
    if (order.size() == 3) loop.stop();
  };
  for (int i = 0; i < 2; ++i) {
    watchers[i] = loop.watch(pipes[i].reader, [&, i] {
      loop.unwatch(watchers[i]);
      note(i == 0 ? '1' : '2');
    });
  }
  run_for(loop, 2ms);
  loop.start_timer(1ms, [&] {
    loop.start_timer(timer_first ? 2ms : 6ms, [&] { note('T'); });
    work_for(4ms);
    for (int i = 0; i < 2; ++i) pipes[second_first ? 1 - i : i].write_byte();
    work_for(4ms);
  });
  loop.run();
  return order;
}

Result order_of_kinds_is_fixed(AnyLoop& loop) {
  std::set<std::string> orders;
  std::set<std::size_t> places_of_timer;
  for (const bool second_first : {false, true}) {
    for (const bool timer_first : {false, true}) {
      const std::string order =
          order_of_iteration(loop, second_first, timer_first);
      orders.insert(order);
      places_of_timer.insert(order.find('T'));
    }
  }
  std::string remark;
  for (const std::string& order : orders) {
    remark += (remark.empty() ? "" : " or ") + order;
  }
  // Between the descriptors there is no place for timers.
  return kept_if(places_of_timer.size() == 1 && !places_of_timer.contains(1),
                 remark);
}

}  // namespace

std::vector<Promise> descriptor_promises() {
  return {
      {"a ready descriptor whose watcher is removed does not run it",
       removed_watcher_never_runs},
      {"a descriptor that gets the number of another gets no event of it",
       new_owner_gets_no_stale_event},
      {"a regular file is ready", regular_file_is_ready},
      {"/dev/null is ready", dev_null_is_ready},
      {"a number that is not open is refused",
       number_that_is_not_open_is_refused},
      {"a watched descriptor that is closed is silent",
       closed_descriptor_is_silent},
      {"a number that is closed and reused, without removal, is served",
       reused_number_is_served},
      {"descriptors (1, 2) and timers (T) run in a fixed order",
       order_of_kinds_is_fixed},
  };
}

}  // namespace promises

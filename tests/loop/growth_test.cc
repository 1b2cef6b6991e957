// The growth of costs: an item of many costs as much as an item of few.
// The cost is counted: allocations, bytes, moves of closures, and system calls.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/handle.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/locks/event.h"
#include "loop/locks/lock.h"
#include "loop/queues/queue.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "selectors/default_selector.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

// A closure that counts how often it is moved or copied.
struct CountsMoves {
  explicit CountsMoves(std::size_t& count) : moves(&count) {}
  CountsMoves(const CountsMoves& other) : moves(other.moves) { ++*moves; }
  CountsMoves& operator=(const CountsMoves&) = delete;
  ~CountsMoves() = default;
  void operator()() const {}
  std::size_t* moves;
};

struct Cost {
  std::size_t allocations = 0;
  std::size_t bytes = 0;
  std::size_t moves = 0;
  std::size_t system_calls = 0;
};

// A loop, and the cost of its measured operation.
struct Trial {
  explicit Trial(std::size_t items) : n(items) {}

  // Measures `operation`. What comes before and after has no cost.
  template <class Operation>
  void measure(Operation operation) {
    const tests::CallCounter calls;
    const Cost before{tests::allocations(), tests::bytes_asked_for(), moves, 0};
    operation();
    cost = {tests::allocations() - before.allocations,
            tests::bytes_asked_for() - before.bytes, moves - before.moves,
            calls.count()};
  }

  // Starts a task, as the last of `tasks`.
  void start(Coroutine<> coroutine) {
    tasks.push_back(create_task(f.loop, std::move(coroutine)));
  }
  CountsMoves closure() { return CountsMoves(moves); }
  // Returns the i-th of the numbers from 0 to n - 1 in a mixed order.
  std::size_t any(std::size_t i) const { return (i * 7'919 + n / 2) % n; }

  const std::size_t n;
  std::size_t moves = 0;
  FakeTimeLoop f{std::make_unique<selectors::DefaultSelector>()};
  std::vector<Task<>> tasks;
  Cost cost;
};

// Operations of n items.

Coroutine<> nothing() { co_return; }
Coroutine<> sleep_it() { co_await sleep(1s); }
Coroutine<> await_it(Future<void> inner) { co_await inner; }

void call_soon(Trial& trial) {
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i)
      trial.f.loop.call_soon(trial.closure());
    trial.f.turn();
  });
}

void post(Trial& trial) {
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) {
      trial.f.loop.call_soon_threadsafe(trial.closure());
    }
    trial.f.turn();
  });
}

void post_and_call_soon_in_turns(Trial& trial) {
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) {
      trial.f.loop.call_soon_threadsafe(trial.closure());
      trial.f.loop.call_soon(trial.closure());
    }
    trial.f.turn();
  });
}

std::vector<TimerHandle> make_timers(Trial& trial) {
  std::vector<TimerHandle> timers(trial.n);
  for (std::size_t i = 0; i < trial.n; ++i) {
    timers[i] =
        trial.f.loop.call_later(1us * trial.any(i) + 1s, trial.closure());
  }
  return timers;
}

void insert_timers(Trial& trial) {
  trial.measure([&] { make_timers(trial); });
}

void cancel_timers(Trial& trial) {
  auto timers = make_timers(trial);
  trial.measure([&] {
    for (TimerHandle& timer : timers) timer.cancel();
  });
}

void fire_timers(Trial& trial) {
  make_timers(trial);
  trial.f.time.advance(1h);
  trial.measure([&] { trial.f.turn(); });
}

void replace_timers(Trial& trial) {
  auto timers = make_timers(trial);
  trial.measure([&] {
    for (TimerHandle& timer : timers) {
      timer.cancel();
      timer = trial.f.loop.call_later(2s, trial.closure());
    }
  });
}

void spawn_tasks(Trial& trial) {
  trial.tasks.reserve(trial.n);
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) trial.start(nothing());
    trial.f.turn(2);
  });
}

void sleep_in_tasks(Trial& trial) {
  trial.tasks.reserve(trial.n);
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) trial.start(sleep_it());
    trial.f.turn(2);
    trial.f.time.advance(1h);
    trial.f.turn(3);
  });
}

void gather_tasks(Trial& trial) {
  for (std::size_t i = 0; i < trial.n; ++i) trial.start(sleep_it());
  trial.measure([&] {
    const auto gathered = gather(trial.tasks);
    trial.f.time.advance(1h);
    trial.f.turn(4);
  });
}

Coroutine<> join_group(std::size_t children) {
  TaskGroup group;
  for (std::size_t i = 0; i < children; ++i) group.create_task(sleep_it());
  co_await group.join();
}

void join_task_group(Trial& trial) {
  trial.measure([&] {
    trial.start(join_group(trial.n));
    trial.f.turn(2);
    trial.f.time.advance(1h);
    trial.f.turn(4);
  });
}

void abort_task_group(Trial& trial) {
  trial.start(join_group(trial.n));
  trial.f.turn(2);
  trial.measure([&] {
    trial.tasks.front().cancel();
    trial.f.turn(4);
  });
}

void cancel_chain_from_the_front(Trial& trial) {
  Future<void> last = create_future<void>(trial.f.loop);
  for (std::size_t i = 0; i < trial.n; ++i) {
    trial.start(await_it(last));
    last = trial.tasks.back();
  }
  trial.f.turn(2);
  trial.measure([&] {
    for (const Task<>& task : trial.tasks) task.cancel();
    for (std::size_t i = 0; i < trial.n + 2; ++i) trial.f.turn();
  });
}

void remove_done_callbacks(Trial& trial) {
  const auto future = create_future<void>(trial.f.loop);
  std::vector<DoneCallbackId> ids;
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) {
      ids.push_back(future.add_done_callback(trial.closure()));
    }
    for (std::size_t i = 0; i < trial.n; ++i) {
      future.remove_done_callback(ids[trial.any(i)]);
    }
  });
}

// Adds and removes a reader for each of n duplicates of `file`.
void add_and_remove_readers(Trial& trial, const tests::File& file) {
  std::vector<tests::File> files;
  for (std::size_t i = 0; i < trial.n; ++i) {
    files.push_back(tests::dup_at_least(file, 3));
  }
  trial.measure([&] {
    for (const tests::File& each : files) {
      trial.f.loop.add_reader(each, trial.closure());
    }
    trial.f.turn(2);
    for (std::size_t i = 0; i < trial.n; ++i) {
      trial.f.loop.remove_reader(files[trial.any(i)]);
    }
    trial.f.turn(2);
  });
}

void watch_pipes(Trial& trial) { add_and_remove_readers(trial, Pipe().reader); }

void watch_files_that_are_always_ready(Trial& trial) {
  add_and_remove_readers(trial, tests::TempFile());
}

Coroutine<> wait_for_event(Event& event) { co_await event.wait(); }

void set_event(Trial& trial) {
  Event event;
  for (std::size_t i = 0; i < trial.n; ++i) trial.start(wait_for_event(event));
  trial.f.turn(2);
  trial.measure([&] {
    event.set();
    trial.f.turn(3);
  });
}

Coroutine<> hold(Lock& lock) { const auto guard = co_await lock.scoped(); }

void hand_over_lock(Trial& trial) {
  Lock lock;
  for (std::size_t i = 0; i < trial.n; ++i) trial.start(hold(lock));
  trial.measure([&] {
    for (std::size_t i = 0; i < 2 * trial.n + 2; ++i) trial.f.turn();
  });
}

Coroutine<> take(Queue<int>& queue) { co_await queue.get(); }

void feed_waiters_of_queue(Trial& trial) {
  Queue<int> queue;
  for (std::size_t i = 0; i < trial.n; ++i) trial.start(take(queue));
  trial.f.turn(2);
  trial.measure([&] {
    for (std::size_t i = 0; i < trial.n; ++i) queue.put_nowait(1);
    trial.f.turn(3);
  });
}

void close_with_queued_callbacks(Trial& trial) {
  for (std::size_t i = 0; i < trial.n; ++i) {
    trial.f.loop.call_soon(trial.closure());
    trial.f.loop.call_soon_threadsafe(trial.closure());
  }
  make_timers(trial);
  trial.measure([&] { trial.f.loop.close(); });
}

struct Operation {
  const char* name;
  void (*run)(Trial& trial);
  std::array<std::size_t, 3> sizes{10, 1'000, 100'000};
};
void PrintTo(const Operation& operation, std::ostream* out) {
  *out << operation.name;
}

// A process has no more descriptors than its limit.
constexpr std::array<std::size_t, 3> kDescriptors{10, 200, 4'000};

const Operation kOperations[] = {
    {"call_soon", call_soon},
    {"post", post},
    {"post_and_call_soon_in_turns", post_and_call_soon_in_turns},
    {"insert_timers", insert_timers},
    {"cancel_timers", cancel_timers},
    {"fire_timers", fire_timers},
    {"replace_timers", replace_timers},
    {"spawn_tasks", spawn_tasks},
    {"sleep_in_tasks", sleep_in_tasks},
    {"gather_tasks", gather_tasks},
    {"join_task_group", join_task_group},
    {"abort_task_group", abort_task_group},
    {"cancel_chain_from_the_front", cancel_chain_from_the_front},
    {"remove_done_callbacks", remove_done_callbacks},
    {"watch_pipes", watch_pipes, kDescriptors},
    {"watch_files_that_are_always_ready", watch_files_that_are_always_ready,
     kDescriptors},
    {"set_event", set_event},
    {"hand_over_lock", hand_over_lock},
    {"feed_waiters_of_queue", feed_waiters_of_queue},
    {"close_with_queued_callbacks", close_with_queued_callbacks},
};

class GrowthTest : public ::testing::TestWithParam<Operation> {};

// Expects that `many` cost at most `factor` times as much per item as `few`.
// Some costs arise once, such as the first block of an array.
void expect_linear(const std::string& unit, double few, double many,
                   double ratio, double factor, double once) {
  EXPECT_LE(many, factor * ratio * (few + once))
      << unit << ": " << few << ", and " << many << " for " << ratio
      << " times as many";
}

// Returns the cost in a thread of its own, in which no memory of earlier trials
// is recycled.
Cost cost_of(const Operation& operation, std::size_t n) {
  Cost cost;
  std::thread([&] {
    Trial trial(n);
    operation.run(trial);
    cost = trial.cost;
  }).join();
  return cost;
}

// An array that grows by a factor requests and moves a multiple of its items, a
// varying one. Its allocations are few.
TEST_P(GrowthTest, CostOfAnItemDoesNotGrow) {
  if (tests::allocations() == 0) GTEST_SKIP() << "a sanitizer counts, not we";
  Cost few;
  std::size_t few_items = 0;
  for (const std::size_t n : GetParam().sizes) {
    const Cost many = cost_of(GetParam(), n);
    if (few_items != 0) {
      const double ratio = double(n) / double(few_items);
      expect_linear("allocations", few.allocations, many.allocations, ratio,
                    1.05, 16);
      expect_linear("bytes", few.bytes, many.bytes, ratio, 2.5, 16'384);
      expect_linear("moves", few.moves, many.moves, ratio, 2.5, 1);
      expect_linear("system calls", few.system_calls, many.system_calls, ratio,
                    1.05, 8);
    }
    few = many;
    few_items = n;
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, GrowthTest,
                         ::testing::ValuesIn(kOperations),
                         [](const auto& operation) {
                           return std::string(operation.param.name);
                         });

}  // namespace
}  // namespace loop

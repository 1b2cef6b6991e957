// TaskGroup::join(): a group without a body.

#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/timeout.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/task_group_fixture.h"

namespace loop {
namespace {

using TaskGroupsJoinTest = TaskGroupsTest;

TEST_F(TaskGroupsJoinTest, WaitsForAll) {
  const auto main = [&]() -> Coroutine<int> {
    TaskGroup group;
    const auto a = group.create_task(answer_after(20ms, 40));
    const auto b = group.create_task(answer_after(10ms, 2));
    co_await group.join();
    co_return a.result() + b.result();
  };
  EXPECT_EQ(run(main()), 42);
  EXPECT_EQ(f_.ms(), 20);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(TaskGroupsJoinTest, WithoutTasksItDoesNotWait) {
  bool others_ran = false;
  const auto main = [&]() -> Coroutine<> {
    f_.loop.call_soon([&] { others_ran = true; });
    TaskGroup group;
    co_await group.join();
    EXPECT_FALSE(others_ran);
  };
  run(main());
}

TEST_F(TaskGroupsJoinTest, TasksThatAreDoneBefore) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto soon = group.create_task(answer_after(1ms, 1));
    const auto eager = group.create_task(nothing(), {.eager_start = true});
    co_await sleep(5ms);
    EXPECT_TRUE(soon.done());
    EXPECT_TRUE(eager.done());
    co_await group.join();
  };
  run(main());
  EXPECT_EQ(f_.ms(), 5);
}

TEST_F(TaskGroupsJoinTest, TasksMakeTasksMeanwhile) {
  std::optional<TaskGroup> group;
  bool ended = false;
  const auto inner = [&]() -> Coroutine<> {
    co_await sleep(10ms);
    ended = true;
  };
  const auto outer = [&]() -> Coroutine<> {
    co_await sleep(10ms);
    group->create_task(inner());
  };
  const auto main = [&]() -> Coroutine<> {
    group.emplace();
    group->create_task(outer());
    co_await group->join();
    EXPECT_TRUE(ended);
    EXPECT_THROW(group->create_task(nothing()), RuntimeError);
  };
  run(main());
  EXPECT_EQ(f_.ms(), 20);
}

TEST_F(TaskGroupsJoinTest, OnlyOnceAndNotBesideRun) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup joined;
    co_await joined.join();
    EXPECT_THROW(co_await joined.join(), RuntimeError);
    EXPECT_THROW(co_await joined.run(sleep(0s)), RuntimeError);
    TaskGroup run;
    co_await run.run(sleep(0s));
    EXPECT_THROW(co_await run.join(), RuntimeError);
  };
  run(main());
}

TEST_F(TaskGroupsJoinTest, RunWaitsForTasksThatWereMadeBeforeAsWell) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto before = group.create_task(answer_after(20ms, 1));
    co_await group.run(sleep(10ms));
    EXPECT_TRUE(before.done());
  };
  run(main());
  EXPECT_EQ(f_.ms(), 20);
}

// ---- Errors ----

TEST_F(TaskGroupsJoinTest, FirstErrorCancelsTheOthers) {
  int cancelled = 0;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(crash_after(10ms, "a"));
    group.create_task(count_cancelled(cancelled));
    group.create_task(crash_if_cancelled("b"));
    co_await group.join();
  };
  EXPECT_EQ(errors_of([&] { run(main()); }), (Texts{"a", "b"}));
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 10);
}

// The caller is not cancelled, and learns of the error when it joins.
TEST_F(TaskGroupsJoinTest, ErrorBefore) {
  int cancelled = 0;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(crash_after(10ms, "early"));
    group.create_task(count_cancelled(cancelled));
    co_await sleep(20ms);
    EXPECT_EQ(current_task().cancelling(), 0);
    EXPECT_EQ(cancelled, 1);
    EXPECT_THROW(group.create_task(nothing()), RuntimeError);
    Texts texts;
    try {
      co_await group.join();
    } catch (const ExceptionGroup& errors) {
      texts = texts_of(errors);
    }
    EXPECT_EQ(texts, Texts{"early"});
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1ms);  // It is not cancelled.
  };
  run(main());
}

TEST_F(TaskGroupsJoinTest, ErrorBeforeRunCancelsTheBody) {
  bool went_on = false;
  const auto body = [&]() -> Coroutine<> {
    co_await sleep(1h);
    went_on = true;
  };
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(crash_after(10ms, "early"));
    co_await sleep(20ms);
    co_await group.run(body());
  };
  EXPECT_EQ(errors_of([&] { run(main()); }), Texts{"early"});
  EXPECT_FALSE(went_on);
  EXPECT_EQ(f_.ms(), 20);
}

TEST_F(TaskGroupsJoinTest, KeyboardInterruptComesAlone) {
  const auto interrupt = []() -> Coroutine<> {
    throw KeyboardInterrupt();
    co_return;
  };
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(interrupt());
    group.create_task(crash_if_cancelled("no"));
    co_await group.join();
  };
  EXPECT_THROW(run(main()), KeyboardInterrupt);
}

// ---- Cancelling ----

TEST_F(TaskGroupsJoinTest, CallerIsCancelled) {
  int cancelled = 0;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    for (int i = 0; i < 5; ++i) group.create_task(count_cancelled(cancelled));
    co_await group.join();
  };
  const auto task = start(main());
  f_.run_for(100ms);
  EXPECT_FALSE(task.done());
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_EQ(cancelled, 5);
}

TEST_F(TaskGroupsJoinTest, TimeoutAroundIt) {
  int cancelled = 0;
  const auto join = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(count_cancelled(cancelled));
    co_await group.join();
  };
  const auto main = [&]() -> Coroutine<> {
    co_await timeout(10ms).run(join());
  };
  EXPECT_THROW(run(main()), TimeoutError);
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(TaskGroupsJoinTest, CancelBefore) {
  int cancelled = 0;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    group.create_task(count_cancelled(cancelled));
    co_await sleep(1ms);
    group.cancel();
    co_await group.join();
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 1);
}

TEST_F(TaskGroupsJoinTest, CancelMeanwhile) {
  int cancelled = 0;
  TaskGroup group;
  const auto main = [&]() -> Coroutine<> {
    group.create_task(count_cancelled(cancelled));
    co_await group.join();
  };
  f_.loop.call_later(10ms, [&] { group.cancel(); });
  run(main());
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 10);
}

// ---- Ends ----

TEST_F(TaskGroupsJoinTest, NeverJoinedGroupCancelsItsTasks) {
  int cancelled = 0;
  std::optional<Task<>> left;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    left = group.create_task(count_cancelled(cancelled));
    co_await sleep(1ms);
    throw Mistake("before join()");
  };
  EXPECT_THROW(run(main()), Mistake);
  f_.turn(2);
  EXPECT_TRUE(left->cancelled());
  EXPECT_EQ(cancelled, 1);
}

TEST_F(TaskGroupsJoinTest, LoopClosedMeanwhile) {
  {
    EventLoop event_loop;
    event_loop.set_exception_handler([](auto&&...) {});
    const auto main = [&]() -> Coroutine<> {
      TaskGroup group;
      group.create_task(answer_after(1h, 1));
      co_await sleep(0s);
      co_await group.join();
    };
    create_task(event_loop, main());
    create_task(event_loop, main());
    for (int i = 0; i < 3; ++i) event_loop.run_once(0s);
    create_task(event_loop, main());  // Does not get to join().
    event_loop.run_once(0s);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(TaskGroupsJoinTest, WithoutALoop) {
  TaskGroup group;
  testing::internal::CaptureStderr();  // It was never awaited.
  EXPECT_THROW(group.create_task(nothing()), RuntimeError);
  testing::internal::GetCapturedStderr();
}

TEST_F(TaskGroupsJoinTest, TasksOfAnotherLoop) {
  TaskGroup group;
  EventLoop other;
  other.call_soon([&] { group.create_task(nothing()); });
  other.run_once(0s);
  EXPECT_THROW(run(group.join()), RuntimeError);
  other.run_once(0s);
}

// A task that waited for its own group could neither end nor be cancelled.
TEST_F(TaskGroupsJoinTest, ATaskOfTheGroupCannotJoinIt) {
  for (const bool eager : {false, true}) {
    TaskGroup group;
    const auto member = [&]() -> Coroutine<> { co_await group.join(); };
    const auto main = [&]() -> Coroutine<> {
      const auto task = group.create_task(member(), {.eager_start = eager});
      try {
        co_await group.join();
      } catch (const ExceptionGroup&) {
      }
      EXPECT_THROW(task.result(), RuntimeError) << eager;
    };
    run(main());
  }
}

}  // namespace
}  // namespace loop

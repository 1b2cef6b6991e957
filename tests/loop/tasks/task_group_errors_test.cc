// Task groups that fail or are cancelled: after CPython's test_taskgroups.py.

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/task_group_fixture.h"

namespace loop {
namespace {

// Runs a group of one body, and says with what it failed.
class TaskGroupsErrorsTest : public TaskGroupsTest {
 protected:
  Coroutine<> in_group(std::function<Coroutine<>(TaskGroup&)> body) {
    TaskGroup group;
    co_await group.run(body(group));
  }
};

// test_taskgroup_04
TEST_F(TaskGroupsErrorsTest, ChildErrorCancelsTheOthers) {
  int cancelled = 0;
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_after(100ms, "no"));
    group.create_task(count_cancelled(cancelled));
    co_return;
  };
  EXPECT_EQ(errors_of([&] { run(in_group(body)); }), Texts{"no"});
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(f_.ms(), 100);
}

TEST_F(TaskGroupsErrorsTest, CancelChildrenOnChildError) {
  int cancelled = 0;
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_after(100ms, "a"));
    group.create_task(crash_after(100ms, "b"));
    group.create_task(count_cancelled(cancelled));
    co_await count_cancelled(cancelled);
  };
  EXPECT_EQ(errors_of([&] { run(in_group(body)); }), (Texts{"a", "b"}));
  EXPECT_EQ(cancelled, 2);
}

TEST_F(TaskGroupsErrorsTest, Cancellation) {
  int cancelled = 0;
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    for (int i = 0; i < 5; ++i) group.create_task(count_cancelled(cancelled));
    co_return;
  };
  const auto task = start(in_group(body));
  f_.run_for(100ms);
  EXPECT_FALSE(task.done());
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_EQ(cancelled, 5);
}

// test_taskgroup_07, 17 and 22
TEST_F(TaskGroupsErrorsTest, CancellationWhileTheBodyWaits) {
  int cancelled = 0;
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(count_cancelled(cancelled));
    co_await count_cancelled(cancelled);
  };
  const auto task = start(in_group(body));
  f_.run_for(100ms);
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(cancelled, 2);
}

// Each time it is cancelled it goes on waiting: nobody is left behind.
TEST_F(TaskGroupsErrorsTest, CancelledAgainAndAgain) {
  bool finished = false;
  const auto slow = [&]() -> Coroutine<> {
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
    }
    co_await sleep(50ms);
    finished = true;
  };
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(slow());
    co_return;
  };
  const auto task = start(in_group(body));
  for (int i = 0; i < 3; ++i) {
    f_.run_for(10ms);
    EXPECT_TRUE(task.cancel("time " + std::to_string(i)));
  }
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "time 0");
  EXPECT_TRUE(finished);
}

// test_taskgroup_08
TEST_F(TaskGroupsErrorsTest, ErrorsWinAgainstCancellation) {
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_if_cancelled("a"));
    group.create_task(crash_if_cancelled("b"));
    co_await sleep(10s);
  };
  const auto task = start(in_group(body));
  f_.run_for(100ms);
  task.cancel();
  EXPECT_EQ(errors_of([&] { run_until_complete(task); }), (Texts{"a", "b"}));
}

// test_taskgroup_09 and 10
TEST_F(TaskGroupsErrorsTest, BodyFails) {
  int cancelled = 0;
  for (const auto delay : {0ms, 100ms}) {
    const auto body = [&](TaskGroup& group) -> Coroutine<> {
      group.create_task(count_cancelled(cancelled));
      co_await sleep(delay);
      throw Mistake("body");
    };
    EXPECT_EQ(errors_of([&] { run(in_group(body)); }), Texts{"body"});
  }
  EXPECT_EQ(cancelled, 2);
}

// test_taskgroup_15 and 16
TEST_F(TaskGroupsErrorsTest, ChildFailsWhileTheBodyIsBeingCancelled) {
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_if_cancelled("child"));
    bool cancelled = false;
    try {
      co_await sleep(10s);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    EXPECT_TRUE(cancelled);
    co_await sleep(500ms);
    throw CancelledError();
  };
  const auto task = start(in_group(body));
  f_.run_for(100ms);
  task.cancel();
  EXPECT_EQ(errors_of([&] { run_until_complete(task); }), Texts{"child"});
}

// test_taskgroup_18
TEST_F(TaskGroupsErrorsTest, BodyFailsInsteadOfBeingCancelled) {
  const auto body = [&](TaskGroup&) -> Coroutine<> {
    co_await crash_if_cancelled("body");
  };
  const auto task = start(in_group(body));
  f_.run_for(100ms);
  task.cancel();
  EXPECT_EQ(errors_of([&] { run_until_complete(task); }), Texts{"body"});
}

// test_taskgroup_19
TEST_F(TaskGroupsErrorsTest, ErrorsOfChildAndBody) {
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_after(100ms, "child"));
    co_await crash_if_cancelled("body");
  };
  EXPECT_EQ(errors_of([&] { run(in_group(body)); }), (Texts{"child", "body"}));
}

// test_taskgroup_20 and 21
TEST_F(TaskGroupsErrorsTest, KeyboardInterruptComesAlone) {
  const auto interrupt = []() -> Coroutine<> {
    try {
      co_await sleep(100ms);
    } catch (const CancelledError&) {
    }
    throw KeyboardInterrupt();
  };
  const auto in_body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(crash_after(10ms, "child"));
    co_await interrupt();
  };
  EXPECT_THROW(run(in_group(in_body)), KeyboardInterrupt);
  const auto in_child = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(interrupt());
    co_await crash_if_cancelled("body");
  };
  EXPECT_THROW(run(in_group(in_child)), KeyboardInterrupt);
}

// test_taskgroup_25
TEST_F(TaskGroupsErrorsTest, Hydra) {
  int heads = 0;
  const std::function<Coroutine<>(TaskGroup&)> hydra =
      [&](TaskGroup& group) -> Coroutine<> {
    ++heads;
    co_await sleep(10ms);
    group.create_task(hydra(group));
    group.create_task(hydra(group));
  };
  const auto hercules = [&]() -> Coroutine<> {
    while (heads < 10) co_await sleep(15ms);
    throw Mistake("won");
  };
  const auto body = [&](TaskGroup& group) -> Coroutine<> {
    group.create_task(hydra(group));
    group.create_task(hercules());
    co_return;
  };
  EXPECT_EQ(errors_of([&] { run(in_group(body)); }), Texts{"won"});
}

// bpo-95289
TEST_F(TaskGroupsErrorsTest, ContextManagerExitRaises) {
  const auto main = [&]() -> Coroutine<> {
    const auto body = [&](TaskGroup& group) -> Coroutine<> {
      group.create_task(crash_after(0ms, "child"));
      co_await crash_if_cancelled("exit");
    };
    EXPECT_THROW(co_await in_group(body), ExceptionGroup);
    EXPECT_EQ(current_task().cancelling(), 0);
  };
  run(main());
}

TEST_F(TaskGroupsErrorsTest, CancellingLevelPreserved) {
  const auto main = [&]() -> Coroutine<> {
    const auto body = [&](TaskGroup& group) -> Coroutine<> {
      group.create_task(crash_after(0ms, "child"));
      co_return;
    };
    EXPECT_THROW(co_await in_group(body), ExceptionGroup);
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1ms);
  };
  run(main());
}

// A child that fails at once does not cancel the parent in the middle of what
// it is doing: only at the next wait.
TEST_F(TaskGroupsErrorsTest, R106_EagerChildThatFailsBeforeItWaits) {
  bool reached = false;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto crash = []() -> Coroutine<> {
      throw Mistake("at once");
      co_return;
    };
    const auto body = [&]() -> Coroutine<> {
      group.create_task(crash(), {.eager_start = true});
      EXPECT_EQ(current_task().cancelling(), 0);
      reached = true;
      co_await sleep(10s);
    };
    EXPECT_THROW(co_await group.run(body()), ExceptionGroup);
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1ms);
  };
  run(main());
  EXPECT_TRUE(reached);
  EXPECT_EQ(f_.ms(), 1);
}

TEST_F(TaskGroupsErrorsTest, ExceptionGroupSaysWhat) {
  const auto error = [](const std::string& what) {
    return std::make_exception_ptr(Mistake(what));
  };
  const ExceptionGroup one("many mistakes", {error("a")});
  EXPECT_STREQ(one.what(), "many mistakes (1 sub-exception): a");
  const ExceptionGroup four("many mistakes",
                            {error("a"), error("b"), error("c"), error("d")});
  EXPECT_EQ(four.message(), "many mistakes");
  EXPECT_EQ(four.exceptions().size(), 4u);
  EXPECT_STREQ(four.what(), "many mistakes (4 sub-exceptions): a; b; c; ...");
  EXPECT_THROW(ExceptionGroup("none", {}), ValueError);
}

}  // namespace
}  // namespace loop

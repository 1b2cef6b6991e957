// Task groups within task groups: after CPython's test_taskgroups.py.

#include <gtest/gtest.h>

#include <string>

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

using TaskGroupsNestedTest = TaskGroupsTest;

// The texts of what the first of a group's exceptions consists of.
template <class F>
std::string first_within(F function) {
  try {
    function();
  } catch (const ExceptionGroup& outer) {
    return text_of(outer.exceptions().at(0));
  }
  return "no ExceptionGroup";
}

// test_taskgroup_11 and 12
TEST_F(TaskGroupsNestedTest, CancelledWhileInTheInner) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup outer;
    TaskGroup inner;
    const auto inner_body = [&]() -> Coroutine<> {
      inner.create_task(crash_if_cancelled("a"));
      co_await sleep(10s);
    };
    const auto body = [&]() -> Coroutine<> {
      outer.create_task(sleep(10s));
      co_await inner.run(inner_body());
    };
    co_await outer.run(body());
  };
  const auto task = start(main());
  f_.run_for(100ms);
  task.cancel();
  EXPECT_EQ(first_within([&] { run_until_complete(task); }),
            "unhandled errors in a TaskGroup (1 sub-exception): a");
}

// test_taskgroup_13
TEST_F(TaskGroupsNestedTest, ChildOfTheOuterFails) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup outer;
    TaskGroup inner;
    const auto inner_body = [&]() -> Coroutine<> {
      inner.create_task(crash_after(10s, "inner"));
      co_return;
    };
    const auto body = [&]() -> Coroutine<> {
      outer.create_task(crash_after(100ms, "outer"));
      co_await inner.run(inner_body());
    };
    co_await outer.run(body());
  };
  EXPECT_EQ(errors_of([&] { run(main()); }), Texts{"outer"});
  EXPECT_EQ(f_.ms(), 100);
}

// test_taskgroup_14
TEST_F(TaskGroupsNestedTest, ChildOfTheInnerFails) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup outer;
    TaskGroup inner;
    const auto inner_body = [&]() -> Coroutine<> {
      inner.create_task(crash_after(100ms, "inner"));
      co_return;
    };
    const auto body = [&]() -> Coroutine<> {
      outer.create_task(crash_after(10s, "outer"));
      co_await inner.run(inner_body());
    };
    co_await outer.run(body());
  };
  EXPECT_EQ(first_within([&] { run(main()); }),
            "unhandled errors in a TaskGroup (1 sub-exception): inner");
}

// test_nested_groups_both_cancelled: who deals with the errors of the inner
// group has not dealt with those of the outer.
TEST_F(TaskGroupsNestedTest, R105_InnerMustNotEatTheCancelOfTheOuter) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup outer;
    TaskGroup inner;
    const auto inner_body = [&]() -> Coroutine<> {
      inner.create_task(crash_after(0ms, "inner"));
      outer.create_task(crash_after(0ms, "outer"));
      co_return;
    };
    bool reached = false;
    const auto body = [&]() -> Coroutine<> {
      EXPECT_THROW(co_await inner.run(inner_body()), ExceptionGroup);
      EXPECT_EQ(current_task().cancelling(), 1);
      reached = true;
      co_await sleep(10s);
      ADD_FAILURE() << "the sleep should have been cancelled";
    };
    EXPECT_THROW(co_await outer.run(body()), ExceptionGroup);
    EXPECT_TRUE(reached);
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1ms);
  };
  run(main());
}

// test_error_and_cancel
TEST_F(TaskGroupsNestedTest, R105_ErrorAndCancelFromOutside) {
  bool handled = false;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      group.create_task(crash_after(10ms, "child"));
      co_await sleep(10s);
      ADD_FAILURE() << "the sleep in the group should have been cancelled";
    };
    EXPECT_THROW(co_await group.run(body()), ExceptionGroup);
    EXPECT_EQ(current_task().cancelling(), 1);
    handled = true;
    co_await sleep(10s);
    ADD_FAILURE() << "the sleep after it should have been cancelled";
  };
  const auto task = start(main());
  f_.turn();
  f_.loop.call_later(10ms, [&] { task.cancel(); });
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_TRUE(handled);
  EXPECT_TRUE(task.cancelled());
}

}  // namespace
}  // namespace loop

// TaskGroup when there is no memory.

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <new>
#include <optional>

#include "loop/callbacks/finally.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/recycled_memory.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/tasks/task_group_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

class TaskGroupsShortageTest : public TaskGroupsTest {
 protected:
  // With the memory of earlier tasks there would be none to ask for.
  void SetUp() override {
    if (kRecyclesMemory) GTEST_SKIP() << "for AddressSanitizer";
  }
};

// Each task that has started is one of the group.
TEST_F(TaskGroupsShortageTest, CreateTaskIsDoneOrIsNot) {
  for (const bool eager : {false, true}) {
    for (tests::EachShortage shortage; shortage.next();) {
      int began = 0;
      int ended = 0;
      const auto child = [](int& b, int& e) -> Coroutine<> {
        ++b;
        co_await sleep(1ms);
        ++e;
      };
      TaskGroup group;
      const auto body = [&]() -> Coroutine<> {
        const bool made = shortage.survives([&] {
          group.create_task(child(began, ended),
                            {.name = "a name", .eager_start = eager});
        });
        co_await sleep(0s);
        EXPECT_EQ(began, made ? 1 : 0);
      };
      run(group.run(body()));
      EXPECT_EQ(ended, began);
    }
  }
}

// Or else the group would wait for it forever.
TEST_F(TaskGroupsShortageTest, CreateTaskThatIsDoneAtOnce) {
  for (tests::EachShortage shortage; shortage.next();) {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      shortage.survives([&] {
        for (int i = 0; i < 100; ++i) {
          group.create_task(nothing(), {.eager_start = true});
        }
      });
      co_return;
    };
    run(group.run(body()));
  }
}

// One that is done is on its way to the group, which has failed.
TEST_F(TaskGroupsShortageTest, ADoneTaskMayOutliveTheGroup) {
  const auto group = std::make_unique<std::optional<TaskGroup>>();
  std::optional<tests::FailingAllocations> failing;
  const auto body = [&]() -> Coroutine<> {
    group->value().create_task(nothing(), {.eager_start = true});
    failing.emplace();
    co_return;
  };
  const auto main = [&]() -> Coroutine<> {
    group->emplace();
    bool failed = false;
    try {
      co_await group->value().run(body());
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    failing.reset();
    EXPECT_TRUE(failed);
    group->reset();
    co_await sleep(0s);
  };
  run(main());
}

// The error of a task needs no memory before run() throws it.
TEST_F(TaskGroupsTest, AFailureWhileThereIsNoMemory) {
  const auto failure = std::make_exception_ptr(Mistake("expected"));
  std::optional<tests::FailingAllocations> failing;
  TaskGroup group;
  const auto fails = [&]() -> Coroutine<> {
    failing.emplace();
    std::rethrow_exception(failure);
    co_return;
  };
  const auto body = [&]() -> Coroutine<> {
    const Finally has_memory([&] { failing.reset(); });
    group.create_task(fails());
    co_await sleep(1ms);
  };
  EXPECT_THROW(run(group.run(body())), ExceptionGroup);
}

}  // namespace
}  // namespace loop

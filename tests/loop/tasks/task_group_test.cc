// TaskGroup: after CPython's test_taskgroups.py.

#include "loop/tasks/task_group.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/loop/tasks/task_group_fixture.h"

namespace loop {
namespace {

// test_taskgroup_01 and 02
TEST_F(TaskGroupsTest, WaitsForAll) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<int> {
      const auto first = group.create_task(answer_after(100ms, 42));
      co_await sleep(150ms);
      EXPECT_EQ(first.result(), 42);
      group.create_task(answer_after(200ms, 11));
      group.create_task(sleep(10ms));
      co_return 1;
    };
    EXPECT_EQ(co_await group.run(body()), 1);
    EXPECT_EQ(f_.ms(), 350);
  };
  run(main());
}

TEST_F(TaskGroupsTest, ResultOfTheBodyMayBeMoveOnly) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<std::unique_ptr<int>> {
      group.create_task(answer_after(1ms, 0));
      co_return std::make_unique<int>(7);
    };
    EXPECT_EQ(*co_await group.run(body()), 7);
  };
  run(main());
}

TEST_F(TaskGroupsTest, WithoutTasksItDoesNotWait) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    co_await group.run(nothing());
  };
  const auto task = start(main());
  f_.turn();
  EXPECT_TRUE(task.done());
}

// test_taskgroup_03
TEST_F(TaskGroupsTest, CancelledChildIsNoError) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    std::vector<Task<int>> tasks;
    const auto body = [&]() -> Coroutine<> {
      tasks.push_back(group.create_task(answer_after(1000ms, 42)));
      co_await sleep(150ms);
      tasks[0].cancel();
      tasks.push_back(group.create_task(answer_after(200ms, 11)));
    };
    co_await group.run(body());
    EXPECT_TRUE(tasks[0].cancelled());
    EXPECT_EQ(tasks[1].result(), 11);
  };
  run(main());
}

// test_taskgroup_23
TEST_F(TaskGroupsTest, ForgetsTasksThatAreDone) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      const Counted* alive = nullptr;
      {
        const auto make = []() -> Coroutine<std::shared_ptr<Counted>> {
          co_return std::make_shared<Counted>();
        };
        const auto task = group.create_task(make());
        alive = (co_await task).get();
      }
      EXPECT_NE(alive, nullptr);
      co_await sleep(1ms);
      EXPECT_EQ(Counted::alive, 0);
    };
    co_await group.run(body());
  };
  run(main());
}

// test_taskgroup_24
TEST_F(TaskGroupsTest, TasksMakeTasks) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto root = [&]() -> Coroutine<> {
      co_await sleep(100ms);
      group.create_task(answer_after(100ms, 1));
      group.create_task(answer_after(200ms, 2));
    };
    const auto body = [&]() -> Coroutine<> {
      group.create_task(root());
      co_return;
    };
    co_await group.run(body());
    EXPECT_EQ(f_.ms(), 300);
  };
  run(main());
}

TEST_F(TaskGroupsTest, TaskName) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      const auto task = group.create_task(nothing(), {.name = "yolo"});
      EXPECT_EQ(task.get_name(), "yolo");
      co_return;
    };
    co_await group.run(body());
  };
  run(main());
}

TEST_F(TaskGroupsTest, AlreadyEntered) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      EXPECT_THROW(co_await group.run(sleep(0s)), RuntimeError);
    };
    co_await group.run(body());
    EXPECT_THROW(co_await group.run(sleep(0s)), RuntimeError);
  };
  run(main());
}

// The text that `function` writes to standard error.
template <class F>
std::string written_by(F function) {
  testing::internal::CaptureStderr();
  function();
  return testing::internal::GetCapturedStderr();
}

// The refusal is an error; a report "never awaited" would be a second one.
TEST_F(TaskGroupsTest, CreateTaskThatIsRefused) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    co_await group.run(sleep(0s));
    EXPECT_THROW(group.create_task(nothing()), RuntimeError);
    EXPECT_THROW(group.create_task(sleep(1s)), RuntimeError);
  };
  EXPECT_EQ(written_by([&] { run(main()); }), "");
}

TEST_F(TaskGroupsTest, NoCreateTaskAfterFailure) {
  bool refused = false;
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto late = [&]() -> Coroutine<> {
      try {
        co_await sleep(1s);
      } catch (const CancelledError&) {
        EXPECT_THROW(group.create_task(nothing()), RuntimeError);
        refused = true;
      }
    };
    const auto body = [&]() -> Coroutine<> {
      group.create_task(crash_after(1ms, "first"));
      group.create_task(late());
      co_return;
    };
    co_await group.run(body());
  };
  EXPECT_EQ(errors_of([&] { run(main()); }), Texts{"first"});
  EXPECT_TRUE(refused);
}

TEST_F(TaskGroupsTest, NeverEntered) { const TaskGroup group; }

// print_tasks() draws this.
TEST_F(TaskGroupsTest, ParentWaitsForChildren) {
  const auto main = [&]() -> Coroutine<> {
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      group.create_task(sleep(10ms), {.name = "a"});
      group.create_task(sleep(20ms), {.name = "b"});
      co_return;
    };
    co_await group.run(body());
  };
  const auto parent = start(main());
  f_.turn(2);
  std::vector<FutureCore*> children;
  const AnyTask any = parent;
  any.core().awaited_future()->for_each_awaited(
      [&](FutureCore& child) { children.push_back(&child); });
  std::vector<FutureCore*> expected;
  for (const AnyTask& task : all_tasks(f_.loop)) {
    if (!(task == any)) expected.push_back(&task.core().future());
  }
  EXPECT_EQ(expected.size(), 2u);
  EXPECT_EQ(children, expected);
  run_until_complete(parent);
}

// Children refer to what is in the parent's frames, and die first.
TEST_F(TaskGroupsTest, LoopClosedMeanwhile) {
  Journal journal;
  const auto child = [&](const std::shared_ptr<Journal>& log) -> Coroutine<> {
    const auto at_end = at_destruction([&log] { log->push_back("child"); });
    co_await sleep(10s);
  };
  const auto main = [&]() -> Coroutine<> {
    const auto log = std::make_shared<Journal>();
    const auto at_end = at_destruction([&] {
      journal = *log;
      journal.push_back("parent");
    });
    TaskGroup group;
    const auto body = [&]() -> Coroutine<> {
      group.create_task(child(log));
      group.create_task(nothing());
      co_await sleep(0s);
    };
    co_await group.run(body());
  };
  {
    EventLoop event_loop;
    event_loop.set_exception_handler([](auto&&...) {});
    create_task(event_loop, main());
    event_loop.run_once(0s);
    event_loop.run_once(0s);  // A done task is on its way to the group.
  }
  EXPECT_EQ(journal, (Journal{"child", "parent"}));
}

// The group is in the frame of a task that is destroyed before the one that
// waits for it. AddressSanitizer sees whether that looks at it again.
TEST_F(TaskGroupsTest, LoopClosedAndTheGroupDiesFirst) {
  TaskGroup* group = nullptr;
  const auto owner = [](TaskGroup*& its_group) -> Coroutine<> {
    TaskGroup own;
    its_group = &own;
    co_await sleep(10s);
  };
  const auto wait = [&]() -> Coroutine<> {
    const auto body = [&]() -> Coroutine<> {
      group->create_task(sleep(10s));
      co_return;
    };
    co_await sleep(0s);
    co_await group->run(body());
  };
  EventLoop event_loop;
  event_loop.set_exception_handler([](auto&&...) {});
  create_task(event_loop, wait());
  create_task(event_loop, owner(group));
  for (int i = 0; i < 4; ++i) event_loop.run_once(0s);
  event_loop.close();
}

}  // namespace
}  // namespace loop

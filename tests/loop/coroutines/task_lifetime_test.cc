// The owners of a task, and its end when its loop closes.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class TaskLifetimeTest : public CoroutineTest {
 protected:
  // Expects the report of close() about a pending task.
  void expect_destroyed(const std::string& name, const std::string& function) {
    const auto errors = f_.take_errors();
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].message, "Task was destroyed but it is pending: " +
                                     name + ", in '" + function + "'");
    EXPECT_TRUE(contains(errors[0].where.repr(), "task_lifetime_test.cc:"));
  }
};

Coroutine<> hold(Counted, std::chrono::nanoseconds delay = 1h) {
  const Counted local;
  co_await sleep(delay);
}

Coroutine<> wait_for(Future<int> future) {
  const Counted local;
  co_await future;
}

TEST_F(TaskLifetimeTest, TheLoopOwnsIt) {
  start(hold(Counted(), 1ms));
  EXPECT_EQ(Counted::alive, 1);
  f_.turn();
  EXPECT_EQ(Counted::alive, 2);
  f_.run_for(1ms);
  EXPECT_EQ(Counted::alive, 0);
}

// As in Python, where locals are destroyed when the function returns.
TEST_F(TaskLifetimeTest, FrameDiesBeforeTheTaskIsDone) {
  const auto task = start(hold(Counted(), 0s));
  task.add_done_callback([] { EXPECT_EQ(Counted::alive, 0); });
  f_.turn(3);
  EXPECT_TRUE(task.done());
}

// In Python a parameter is a local variable, which is destroyed in the last
// step of the task.
TEST_F(TaskLifetimeTest, ParametersAreDestroyedInTheTask) {
  std::string names;
  const auto note_task = [&](int*) {
    names += current_task().get_name() + " ";
  };
  const auto work =
      [](std::unique_ptr<int, decltype(note_task)>) -> Coroutine<> {
    co_await sleep(1ms);
  };
  int object = 0;
  const auto begin = [&](const std::string& name, bool at_once) {
    std::unique_ptr<int, decltype(note_task)> parameter(&object, note_task);
    return create_task(f_.loop, work(std::move(parameter)),
                       {.name = name, .eager_start = at_once});
  };
  begin("ends", false);
  begin("never begins", false).cancel();
  f_.loop.call_soon([&] { begin("begins at once", true).cancel(); });
  f_.turn(3);
  EXPECT_EQ(names, "never begins begins at once ");
  f_.run_for(1ms);
  EXPECT_EQ(names, "never begins begins at once ends ");
  EXPECT_THROW(current_task(), RuntimeError);
}

TEST_F(TaskLifetimeTest, ResultDiesWithTheLastHandle) {
  const auto make_one = []() -> Coroutine<Counted> { co_return Counted(); };
  {
    const auto task = start(make_one());
    f_.turn();
    EXPECT_EQ(Counted::alive, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(TaskLifetimeTest, CycleThroughItsOwnHandle) {
  std::optional<Task<>> outer;
  const auto work = [](std::optional<Task<>>& self, Counted) -> Coroutine<> {
    const auto mine = *self;
    co_await sleep(1ms);
  };
  outer = start(work(outer, Counted()));
  f_.turn();
  outer.reset();
  f_.run_for(1ms);
  EXPECT_EQ(Counted::alive, 0);
}

// ---- A loop that closes ----

TEST_F(TaskLifetimeTest, ClosedBeforeItBegan) {
  start(hold(Counted()));
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  expect_destroyed("Task-1", "hold");
}

TEST_F(TaskLifetimeTest, ClosedWhileItSleeps) {
  start(hold(Counted()));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  expect_destroyed("Task-1", "hold");
}

TEST_F(TaskLifetimeTest, ClosedWhileItWaitsForAFuture) {
  const auto future = make<int>();
  start(wait_for(future));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  expect_destroyed("Task-1", "wait_for");
  future.set_result(1);  // Nobody waits any more.
}

TEST_F(TaskLifetimeTest, R100_ClosedOnceItIsScheduled) {
  const auto future = make<int>();
  start(wait_for(future));
  f_.turn();
  future.set_result(1);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  expect_destroyed("Task-1", "wait_for");
}

TEST_F(TaskLifetimeTest, ClosedOnceItIsCancelled) {
  start(hold(Counted())).cancel();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  expect_destroyed("Task-1", "hold");
}

TEST_F(TaskLifetimeTest, HandleOutlivesTheLoop) {
  const auto task = start(hold(Counted()));
  f_.turn();
  f_.loop.close();
  expect_destroyed("Task-1", "hold");
  EXPECT_FALSE(task.done());
  EXPECT_EQ(task.get_name(), "Task-1");
  EXPECT_TRUE(task.cancel());  // And nothing more happens.
  EXPECT_FALSE(task.done());
}

// A destructor in one task's frame makes done what another one waits for.
TEST_F(TaskLifetimeTest, DestructorsMayDoAnything) {
  const auto future = make<int>();
  const auto work = [](Future<int> f) -> Coroutine<> {
    [[maybe_unused]] const auto at_end =
        at_destruction([f] { f.set_result(1); });
    co_await sleep(1h);
  };
  start(work(future));
  start(wait_for(future));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_TRUE(future.done());
  EXPECT_EQ(f_.take_errors().size(), 2u);
}

TEST_F(TaskLifetimeTest, StoppedLoopsCanGoOn) {
  const auto task = start(hold(Counted(), 2ms));
  f_.run_for(1ms);
  EXPECT_FALSE(task.done());
  f_.run_for(1ms);
  EXPECT_TRUE(task.done());
}

// ---- R111: a lambda that captures must outlive its coroutine ----

TEST_F(TaskLifetimeTest, R111_LambdaInTheCallersFrame) {
  const auto outer = []() -> Coroutine<std::string> {
    const auto text = std::make_shared<std::string>("captured");
    const auto inner = [text]() -> Coroutine<std::string> {
      co_await sleep(1ms);
      co_return *text;
    };
    co_return co_await inner();
  };
  EXPECT_EQ(run(outer()), "captured");
}

// A caller that does not wait for the coroutine passes copies as arguments.
TEST_F(TaskLifetimeTest, R111_ArgumentsInsteadOfCaptures) {
  const auto outer = []() -> Coroutine<Task<std::string>> {
    const auto inner =
        [](std::shared_ptr<std::string> text) -> Coroutine<std::string> {
      co_await sleep(1ms);
      co_return *text;
    };
    co_return create_task(inner(std::make_shared<std::string>("passed")));
  };
  EXPECT_EQ(run_until_complete(run(outer())), "passed");
}

}  // namespace
}  // namespace loop

// run() and Runner: after CPython's test_runners.py.

#include "loop/runners/runner.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/to_thread.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

Coroutine<> nothing() { co_return; }

TEST(RunTest, Return) {
  const auto main = []() -> Coroutine<int> {
    co_await sleep(0s);
    co_return 42;
  };
  EXPECT_EQ(run(main()), 42);
  run(sleep(0s));
}

TEST(RunTest, MoveOnly) {
  const auto main = []() -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  EXPECT_EQ(*run(main()), 7);
}

TEST(RunTest, Raises) {
  const auto main = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Mistake("spam");
  };
  EXPECT_THROW(run(main()), Mistake);
}

TEST(RunTest, Debug) {
  const auto is_debug = []() -> Coroutine<bool> {
    co_return get_running_loop().get_debug();
  };
  EXPECT_FALSE(run(is_debug()));
  EXPECT_FALSE(run(is_debug(), false));
  EXPECT_TRUE(run(is_debug(), true));
}

TEST(RunTest, FromRunningLoop) {
  const auto main = []() -> Coroutine<> {
    EXPECT_THROW(run(sleep(0s)), RuntimeError);
    co_return;
  };
  run(main());
}

// gh-130145: a loop that is refused leaves the running one as it was.
TEST(RunTest, RefusedLoopLeavesTheRunningOne) {
  const auto main = []() -> Coroutine<> {
    EventLoop& running = get_running_loop();
    EventLoop other;
    EXPECT_THROW(other.run_forever(), RuntimeError);
    EXPECT_EQ(&get_running_loop(), &running);
    EXPECT_THROW(other.run_once(), RuntimeError);
    EXPECT_EQ(&get_running_loop(), &running);
    EXPECT_FALSE(other.is_running());
    EXPECT_TRUE(running.is_running());
    co_await sleep(0s);
  };
  run(main());
}

TEST(RunTest, CancelsHangingTasks) {
  const auto hang = [](Counted) -> Coroutine<> { co_await sleep(1h); };
  const auto main = [&]() -> Coroutine<int> {
    create_task(hang(Counted()));
    create_task(hang(Counted()));
    co_return 123;
  };
  EXPECT_EQ(run(main()), 123);
  EXPECT_EQ(Counted::alive, 0);
}

// They may clean up, for as long as that takes.
TEST(RunTest, WaitsForHangingTasks) {
  bool cleaned_up = false;
  const auto hang = [&]() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(1ms);
    get_running_loop().stop();
    co_await sleep(1ms);
    cleaned_up = true;
  };
  const auto main = [&]() -> Coroutine<> {
    create_task(hang());
    co_await sleep(0s);
  };
  run(main());
  EXPECT_TRUE(cleaned_up);
}

TEST(RunTest, ReportsHangingTasksErrors) {
  std::vector<ExceptionContext> errors;
  const auto hang = []() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      throw Mistake("while closing");
    }
  };
  const auto main = [&]() -> Coroutine<> {
    get_running_loop().set_exception_handler(
        [&](EventLoop&, const ExceptionContext& context) {
          errors.push_back(context);
        });
    create_task(hang(), {.name = "hanging"});
    co_await sleep(0s);
  };
  run(main());
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_TRUE(contains(errors[0].message, "hanging"));
  EXPECT_EQ(text_of(errors[0].exception), "while closing");
}

TEST(RunTest, LoopFactory) {
  EventLoop* made = nullptr;
  const auto factory = [&] {
    auto event_loop = std::make_unique<EventLoop>();
    made = event_loop.get();
    return event_loop;
  };
  const auto main = []() -> Coroutine<EventLoop*> {
    co_return &get_running_loop();
  };
  EXPECT_EQ(run(main(), {}, factory), made);
}

TEST(RunTest, CancelledByItself) {
  const auto main = []() -> Coroutine<> {
    current_task().cancel("myself");
    co_await sleep(1h);
  };
  EXPECT_EQ(cancelled_with([&] { run(main()); }), "myself");
}

TEST(RunnerTest, RunsSeveralInOneLoop) {
  Runner runner;
  const auto where = []() -> Coroutine<EventLoop*> {
    co_return &get_running_loop();
  };
  EXPECT_EQ(runner.run(where()), &runner.get_loop());
  EXPECT_EQ(runner.run(where()), &runner.get_loop());
}

// gh-120284: test_run_awaitable, here of a future and a task.
TEST(RunnerTest, RunFutureOrTask) {
  Runner runner;
  EventLoop& event_loop = runner.get_loop();
  const auto future = create_future<int>(event_loop);
  event_loop.call_soon([&] { future.set_result(1); });
  EXPECT_EQ(runner.run(future), 1);
  EXPECT_EQ(runner.run(future), 1) << "it is done";
  const auto answer = []() -> Coroutine<int> { co_return 2; };
  const auto task = create_task(event_loop, answer());
  EXPECT_EQ(runner.run(task), 2);
  EXPECT_EQ(task.result(), 2);
  const auto failed = create_future<void>(event_loop);
  failed.set_exception(Mistake("expected"));
  EXPECT_THROW(runner.run(failed), Mistake);
}

TEST(RunnerTest, RunFutureOfAnotherLoop) {
  EventLoop other;
  const auto future = create_future<int>(other);
  EXPECT_THROW(Runner().run(future), RuntimeError);
  EXPECT_THROW(loop::run(future), RuntimeError);
}

// A task that one run() has started continues in the next.
TEST(RunnerTest, TasksGoOn) {
  Runner runner;
  const auto begin = []() -> Coroutine<Task<int>> {
    co_return create_task(sleep(1ms, 7));
  };
  const auto wait = [](Task<int> task) -> Coroutine<int> {
    co_return co_await task;
  };
  const auto task = runner.run(begin());
  EXPECT_EQ(runner.run(wait(task)), 7);
}

TEST(RunnerTest, CleaningUpMayAskForTheLoop) {
  Runner runner;
  EventLoop* found = nullptr;
  const auto linger = [&]() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      found = &runner.get_loop();
    }
  };
  const auto begin = [&]() -> Coroutine<> {
    create_task(linger());
    co_await sleep(0s);
  };
  EventLoop* const event_loop = &runner.get_loop();
  runner.run(begin());
  runner.close();
  EXPECT_EQ(found, event_loop);
}

TEST(RunnerTest, Debug) {
  EXPECT_TRUE(Runner(true).get_loop().get_debug());
  EXPECT_FALSE(Runner(false).get_loop().get_debug());
}

TEST(RunnerTest, ExplicitClose) {
  Runner runner;
  runner.get_loop();
  runner.close();
  EXPECT_THROW(runner.get_loop(), RuntimeError);
  testing::internal::CaptureStderr();
  EXPECT_THROW(runner.run(nothing()), RuntimeError);
  testing::internal::GetCapturedStderr();
  runner.close();
}

// A destructor cannot throw what close() does.
TEST(RunnerTest, DestroyedWhereItCannotBeClosed) {
  EventLoop outer;
  testing::internal::CaptureStderr();
  outer.call_soon([&] {
    {
      Runner runner;
      runner.get_loop();
    }
    outer.stop();
  });
  outer.run_forever();
  EXPECT_TRUE(contains(testing::internal::GetCapturedStderr(),
                       "loop: cannot close a Runner: "));
}

TEST(RunnerTest, CloseUnused) {
  Runner runner;
  runner.close();
}

TEST(RunnerTest, CloseWhileItRuns) {
  Runner runner;
  const auto main = [&]() -> Coroutine<> {
    EXPECT_THROW(runner.close(), RuntimeError);
    EXPECT_THROW(runner.run(sleep(0s)), RuntimeError);
    co_return;
  };
  runner.run(main());
  runner.run(nothing());
}

TEST(RunnerTest, StoppedBeforeItIsDone) {
  Runner runner;
  const auto main = []() -> Coroutine<> {
    get_running_loop().stop();
    co_await sleep(1h);
  };
  EXPECT_THROW(runner.run(main()), RuntimeError);
}

// A function in a thread may need the loop; its result is waited for.
TEST(RunnerTest, CloseWaitsForTheDefaultExecutor) {
  bool finished = false;
  const auto main = [&]() -> Coroutine<> {
    EventLoop& event_loop = get_running_loop();
    static_cast<void>(to_thread([&] {
      std::promise<void> called;
      event_loop.call_soon_threadsafe([&] { called.set_value(); });
      called.get_future().wait();
      finished = true;
    }));
    co_return;
  };
  run(main());
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace loop

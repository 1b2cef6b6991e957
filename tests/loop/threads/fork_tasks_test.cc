// fork() in a task, and with threads that work for a loop: after CPython's
// test_child_process_no_running_event_loop and gh-139894.

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/futures/run_in_executor.h"
#include "loop/futures/shutdown_default_executor.h"
#include "loop/futures/thread_pool_executor.h"
#include "loop/runners/runner.h"
#include "loop/tasks/sleep.h"
#include "selectors/errors.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/allocations.h"

// The children start threads, which ThreadSanitizer has to be allowed.
extern "C" const char* __tsan_default_options();  // NOLINT: its name.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

namespace loop {
namespace {

using selectors::RuntimeError;

Coroutine<int> answer() {
  co_await sleep(0s);
  EXPECT_EQ(current_task().get_name(), "Task-1");
  co_return 42;
}

TEST(ForkTasksTest, AChildRunsTasksOfItsOwn) {
  const auto main = []() -> Coroutine<> {
    const AnyTask task = current_task();
    expect_in_child([] {
      EXPECT_THROW(get_running_loop(), RuntimeError);
      EXPECT_THROW(current_task(), RuntimeError);
      EXPECT_EQ(run(answer()), 42);
      EventLoop own;
      own.call_soon([] { EXPECT_THROW(current_task(), RuntimeError); });
      own.run_once(0s);
    });
    EXPECT_EQ(current_task(), task);
    co_return;
  };
  run(main());
}

TEST(ForkTasksTest, TheTaskGoesOnWithTheParentsLoop) {
  const auto main = []() -> Coroutine<> {
    EventLoop& event_loop = get_running_loop();
    const AnyTask task = current_task();
    const ::pid_t child = ::fork();
    if (child == 0) {
      event_loop.after_fork_in_child();
      const bool same = current_task() == task;
      co_await sleep(1us);
      ::_exit(same && current_task() == task ? 7 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  };
  run(main());
}

// In a callback that runs later no task is the current one.
TEST(ForkTasksTest, TakenOverAfterTheStepThatForked) {
  EventLoop event_loop;
  ::pid_t child = -1;
  const auto main = [&]() -> Coroutine<> {
    child = ::fork();
    co_await sleep(1h);
  };
  const auto task = create_task(event_loop, main());
  event_loop.run_once(0s);
  if (child == 0) {
    event_loop.after_fork_in_child();
    int result = 1;
    event_loop.call_soon([&] {
      try {
        current_task();
      } catch (const RuntimeError&) {
        result = 7;
      }
    });
    event_loop.run_once(0s);
    ::_exit(result);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

// A static loop, of a child that calls exit() in a task: the frame of that task
// is in use, those of the others are destroyed.
TEST(ForkTasksTest, DestroyedByTheTaskThatForked) {
  std::optional<EventLoop> event_loop(std::in_place);
  event_loop->set_exception_handler([](auto&, const auto&) {});
  const auto other = std::make_shared<int>();
  const auto wait = [](std::shared_ptr<int>) -> Coroutine<> {
    co_await sleep(1h);
  };
  const auto main = [&]() -> Coroutine<> {
    const auto own = std::make_shared<std::string>("own");
    co_await sleep(0s);
    expect_in_child([&] {
      event_loop.reset();
      EXPECT_EQ(other.use_count(), 1);
      EXPECT_EQ(*own, "own");
      EXPECT_EQ(own.use_count(), 1);
    });
  };
  create_task(*event_loop, wait(other));
  const auto task = create_task(*event_loop, main());
  for (int i = 0; i < 5; ++i) event_loop->run_once(0s);
  EXPECT_TRUE(task.done());
  EXPECT_GT(other.use_count(), 1);
}

// ---- Executors ----

// A loop whose default executor has one thread that is busy until the end.
class ForkExecutorTest : public ::testing::Test {
 protected:
  ForkExecutorTest() {
    future_.emplace(run_in_executor(*event_loop_, [this] {
      begun_.count_down();
      end_.wait();
      return 1;
    }));
    begun_.wait();
  }
  ~ForkExecutorTest() override {
    end_.count_down();
    EXPECT_EQ(run_until_complete(*future_), 1);
  }

  std::latch begun_{1};
  std::latch end_{1};
  std::optional<EventLoop> event_loop_{std::in_place};
  std::optional<Future<int>> future_;
};

TEST_F(ForkExecutorTest, WhatRanInTheParentFailsInTheChild) {
  expect_in_child([&] {
    event_loop_->after_fork_in_child();
    EXPECT_THROW(run_until_complete(*future_), RuntimeError);
  });
}

TEST_F(ForkExecutorTest, TheChildHasThreadsOfItsOwn) {
  expect_in_child([&] {
    event_loop_->after_fork_in_child();
    const auto future = run_in_executor(*event_loop_, [] { return 2; });
    EXPECT_EQ(run_until_complete(future), 2);
    EXPECT_THROW(run_until_complete(*future_), RuntimeError);
  });
}

TEST_F(ForkExecutorTest, ShutdownInTheChild) {
  expect_in_child([&] {
    event_loop_->after_fork_in_child();
    EXPECT_TRUE(
        run_until_complete(shutdown_default_executor(*event_loop_, 1h)));
    EXPECT_THROW(run_until_complete(*future_), RuntimeError);
  });
}

TEST_F(ForkExecutorTest, DestroyedInTheChild) {
  event_loop_->set_exception_handler([](auto&, const auto&) {});
  expect_in_child([&] {
    future_.reset();
    event_loop_.reset();
  });
}

TEST(ForkThreadPoolTest, BeginsAgainInTheChild) {
  ThreadPoolExecutor executor(1);
  std::latch begun{1}, end{1};
  int ran = 0;
  executor.submit([&] {
    begun.count_down();
    end.wait();
  });
  executor.submit([&] { ++ran; });  // Waits for the only thread.
  begun.wait();
  expect_in_child([&] {
    std::latch done{1};
    executor.submit([&] { done.count_down(); });
    done.wait();
    EXPECT_TRUE(executor.shutdown(kGenerous));
    EXPECT_THROW(executor.submit([] {}), RuntimeError);
    EXPECT_EQ(ran, 0);
  });
  end.count_down();
  EXPECT_TRUE(executor.shutdown(kGenerous));
  EXPECT_EQ(ran, 1);
}

TEST(ForkThreadPoolTest, AShutDownOneStaysShutDown) {
  ThreadPoolExecutor executor;
  executor.shutdown(kGenerous);
  expect_in_child([&] { EXPECT_THROW(executor.submit([] {}), RuntimeError); });
}

// A destructor that ran out of memory would end the child.
TEST(ForkThreadPoolTest, IsDestroyedInTheChildWithoutMemory) {
  std::optional<ThreadPoolExecutor> executor(std::in_place, 1);
  executor->submit([] {}).result();
  expect_in_child([&] {
    const tests::FailingAllocations failing;
    executor.reset();
    EXPECT_FALSE(failing.struck());
  });
}

// A child that finds the lock held, and threads that wait.
TEST(ForkThreadPoolTest, ForkedWhileThreadsSubmit) {
  ThreadPoolExecutor executor(2);
  for (int i = 0; i < (kSlow ? 10 : 100); ++i) {
    for (int job = 0; job < 20; ++job) executor.submit([] {});
    expect_in_child([&] {
      ::alarm(60);
      ThreadPoolExecutor* const doomed = &executor;
      EXPECT_TRUE(doomed->shutdown(kGenerous, true));
    });
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace loop

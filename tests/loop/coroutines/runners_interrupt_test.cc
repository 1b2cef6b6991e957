// Ctrl-C while run() runs: after CPython's test_runners.py.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/runner.h"
#include "loop/coroutines/sleep.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

void press_ctrl_c() { ::raise(SIGINT); }

class RunnersInterruptTest : public ::testing::Test {
 protected:
  using Handler = void (*)(int);

  // Whoever started this test may have it ignored.
  RunnersInterruptTest() : before_(::signal(SIGINT, SIG_DFL)) {}
  ~RunnersInterruptTest() override {
    EXPECT_EQ(disposition(), SIG_DFL);
    ::signal(SIGINT, before_);
  }

  static Handler disposition() {
    struct sigaction present {};
    ::sigaction(SIGINT, nullptr, &present);
    return present.sa_handler;
  }

  static Coroutine<> wait_long() { co_await sleep(1h); }

 private:
  const Handler before_;
};

TEST_F(RunnersInterruptTest, InterruptCallSoon) {
  const auto main = []() -> Coroutine<> {
    for (;;) co_await sleep(0s);
  };
  Runner runner;
  runner.get_loop().call_soon(press_ctrl_c);
  EXPECT_THROW(runner.run(main()), KeyboardInterrupt);
  EXPECT_EQ(disposition(), SIG_DFL);
}

TEST_F(RunnersInterruptTest, InterruptWait) {
  Runner runner;
  const auto never = create_future<void>(runner.get_loop());
  const auto main = [&]() -> Coroutine<> { co_await never; };
  runner.get_loop().call_later(1ms, press_ctrl_c);
  EXPECT_THROW(runner.run(main()), KeyboardInterrupt);
  EXPECT_TRUE(never.cancelled());
}

// From another thread, while the loop is asleep.
TEST_F(RunnersInterruptTest, InterruptSleep) {
  Runner runner;
  std::thread thread;
  runner.get_loop().call_soon(
      [&] { thread = std::thread([] { ::kill(::getpid(), SIGINT); }); });
  EXPECT_THROW(runner.run(wait_long()), KeyboardInterrupt);
  thread.join();
}

TEST_F(RunnersInterruptTest, InterruptCancelledTask) {
  const auto cancel = [](AnyTask task) -> Coroutine<> {
    co_await sleep(0s);
    task.cancel();
    press_ctrl_c();
  };
  const auto main = [&]() -> Coroutine<> {
    create_task(cancel(current_task()));
    co_await sleep(10s);
  };
  EXPECT_THROW(run(main()), CancelledError);
}

TEST_F(RunnersInterruptTest, TaskThatDoesNotMind) {
  const auto main = []() -> Coroutine<int> {
    press_ctrl_c();
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_return 7;
  };
  EXPECT_EQ(run(main()), 7);
}

TEST_F(RunnersInterruptTest, EachRunAnew) {
  Runner runner;
  for (int i = 0; i < 2; ++i) {
    runner.get_loop().call_soon(press_ctrl_c);
    EXPECT_THROW(runner.run(wait_long()), KeyboardInterrupt);
    runner.run(sleep(0s));
  }
}

// What a handler for one signal leaves behind, if it was of that kind.
TEST_F(RunnersInterruptTest, DefaultWithTheFlagsOfAnother) {
  struct sigaction left {};
  left.sa_flags = SA_SIGINFO;
  ::sigaction(SIGINT, &left, nullptr);
  Runner runner;
  runner.get_loop().call_soon(press_ctrl_c);
  EXPECT_THROW(runner.run(wait_long()), KeyboardInterrupt);
}

// A handler of one's own gets all of them, and not only the first.
TEST_F(RunnersInterruptTest, HandlerOfOnesOwn) {
  int presses = 0;
  const auto main = [&]() -> Coroutine<> {
    get_running_loop().add_signal_handler(SIGINT, [&] { ++presses; });
    for (int i = 1; i <= 3; ++i) {
      press_ctrl_c();
      co_await sleep(1ms);
      EXPECT_EQ(presses, i);
    }
  };
  Runner runner;
  runner.run(main());
  EXPECT_NE(disposition(), SIG_DFL);  // It stays as long as the loop.
}

TEST_F(RunnersInterruptTest, OnlyInTheMainThread) {
  const auto main = []() -> Coroutine<> {
    EXPECT_EQ(disposition(), SIG_DFL);
    co_return;
  };
  std::thread([&] { run(main()); }).join();
}

TEST_F(RunnersInterruptTest, OnlyWhatIsDefault) {
  const auto main = []() -> Coroutine<> {
    EXPECT_EQ(disposition(), SIG_IGN);
    co_return;
  };
  ::signal(SIGINT, SIG_IGN);
  run(main());
  EXPECT_EQ(disposition(), SIG_IGN);
  ::signal(SIGINT, SIG_DFL);
}

// What `function` ends a child process with.
template <class F>
int status_of_child(F function) {
  const pid_t child = ::fork();
  if (child == 0) {
    function();
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

// The loop never gets to hear of the first one.
TEST_F(RunnersInterruptTest, SecondEndsTheProcess) {
  const auto main = []() -> Coroutine<> {
    press_ctrl_c();
    press_ctrl_c();
    co_return;
  };
  const int status = status_of_child([&] { run(main()); });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

}  // namespace
}  // namespace loop

// Ctrl-C while run() runs: after CPython's test_runners.py.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/runners/runner.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/files.h"

namespace loop {
namespace {

void press_ctrl_c() { ::raise(SIGINT); }

class RunnersInterruptTest : public ::testing::Test {
 protected:
  using Handler = void (*)(int);

  // The parent process of this test may have ignored SIGINT.
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

// ---- A KeyboardInterrupt that nothing catches ----

// As status_of_child(), with no handler around `function`: as in main(), and
// unlike in a test, of which GoogleTest catches all exceptions.
template <class F>
int status_of_main(F function) {
  int status = 0;
  std::thread([&] { status = status_of_child(function); }).join();
  return status;
}

void expect_ended_by_sigint(int status) {
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGINT);
  EXPECT_FALSE(WCOREDUMP(status));
}

// Writes into a pipe, of which the parent reads what a child has done.
class Notes {
 public:
  void add(char note) const { pipe_.writer.write(std::string_view(&note, 1)); }
  std::string take() const { return pipe_.reader.read(); }

 private:
  const tests::Pipe pipe_;
};

// Waits until it is cancelled, then cleans up, which takes some iterations.
Coroutine<> wait_and_clean_up(const Notes& notes, char note) {
  bool cancelled = false;
  try {
    co_await sleep(1h);
  } catch (const CancelledError&) {
    cancelled = true;
  }
  co_await sleep(1ms);
  notes.add(note);
  if (cancelled) throw CancelledError();
}

TEST_F(RunnersInterruptTest, UncaughtEndsTheProcessAfterCleaningUp) {
  const Notes notes;
  const auto main = [&]() -> Coroutine<> {
    create_task(wait_and_clean_up(notes, 'b'));
    get_running_loop().call_later(1ms, press_ctrl_c);
    co_await wait_and_clean_up(notes, 'a');
  };
  expect_ended_by_sigint(status_of_main([&] { run(main()); }));
  EXPECT_EQ(notes.take(), "ab");
}

TEST_F(RunnersInterruptTest, UncaughtClosesAllRunnersOfTheThread) {
  const Notes notes;
  expect_ended_by_sigint(status_of_main([&] {
    Runner idle;
    create_task(idle.get_loop(), wait_and_clean_up(notes, 'b'));
    idle.run(sleep(0s));
    Runner interrupted;
    interrupted.get_loop().call_later(1ms, press_ctrl_c);
    interrupted.run(wait_and_clean_up(notes, 'a'));
  }));
  EXPECT_EQ(notes.take(), "ab");
}

// Buffered output is not lost.
TEST_F(RunnersInterruptTest, UncaughtFlushesStandardOutput) {
  const tests::Pipe pipe;
  expect_ended_by_sigint(status_of_main([&] {
    ::dup2(pipe.writer.fileno(), STDOUT_FILENO);
    std::setvbuf(stdout, nullptr, _IOFBF, 4096);
    Runner runner;
    runner.get_loop().call_soon([] {
      std::fputs("Hello", stdout);
      press_ctrl_c();
    });
    runner.run(wait_long());
  }));
  EXPECT_EQ(pipe.reader.read(), "Hello");
}

// A coroutine may throw its own.
TEST_F(RunnersInterruptTest, UncaughtFromACoroutine) {
  const auto main = []() -> Coroutine<> {
    throw KeyboardInterrupt();
    co_return;
  };
  expect_ended_by_sigint(status_of_main([&] { run(main()); }));
}

TEST_F(RunnersInterruptTest, SecondEndsTheCleaningUp) {
  const auto main = []() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      press_ctrl_c();
    }
  };
  expect_ended_by_sigint(status_of_main([&] {
    Runner runner;
    runner.get_loop().call_soon(press_ctrl_c);
    runner.run(main());
  }));
}

TEST_F(RunnersInterruptTest, CaughtItChangesNothing) {
  const int status = status_of_main([&] {
    Runner runner;
    runner.get_loop().call_soon(press_ctrl_c);
    try {
      runner.run(wait_long());
    } catch (const KeyboardInterrupt&) {
      ::_exit(3);
    }
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << status;
}

// Other exceptions end the program as they did before.
TEST_F(RunnersInterruptTest, OtherExceptionsGoToTheHandlerOfBefore) {
  const auto main = []() -> Coroutine<> {
    throw 1;
    co_return;
  };
  const int status = status_of_main([&] {
    std::set_terminate([] { ::_exit(5); });
    Runner runner;
    runner.get_loop().call_soon(press_ctrl_c);
    EXPECT_THROW(runner.run(wait_long()), KeyboardInterrupt);
    runner.run(main());
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5) << status;
}

// A handler that the program has set gets the signal instead.
TEST_F(RunnersInterruptTest, AHandlerOfTheProgramStays) {
  const int status = status_of_main([&] {
    ::signal(SIGINT, [](int) { ::_exit(4); });
    Runner runner;
    runner.get_loop().call_soon(press_ctrl_c);
    runner.run(wait_long());
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 4) << status;
}

// The thread that forks is the main thread of the child.
TEST_F(RunnersInterruptTest, InAChildOfAnotherThread) {
  int status = 0;
  std::thread([&] {
    status = status_of_main([&] {
      Runner runner;
      runner.get_loop().call_soon(press_ctrl_c);
      EXPECT_THROW(runner.run(wait_long()), KeyboardInterrupt);
      ::_exit(HasFailure() ? 1 : 6);
    });
  }).join();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 6) << status;
}

// The child's threads get the stacks of the parent's, with Runners on them.
TEST_F(RunnersInterruptTest, InAChildWithoutTheThreadsOfOtherRunners) {
  alignas(Runner) std::array<std::byte, sizeof(Runner)> stack;
  Runner* other = nullptr;
  std::thread([&] {
    other = ::new (stack.data()) Runner;
    other->get_loop();
  }).join();
  const int status = status_of_child([&] {
    Runner mine;
    mine.get_loop();
    stack.fill(std::byte{0xff});
    Runner next;
    EXPECT_EQ(next.run(sleep(0s, 1)), 1);
    Runner::close_all();
    ::_exit(HasFailure() ? 1 : 6);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 6) << status;
  other->~Runner();
}

}  // namespace
}  // namespace loop

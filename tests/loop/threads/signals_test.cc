// What becomes of a signal, from its arrival to its handler.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "selectors/errors.h"
#include "selectors/poll_selector.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::RuntimeError;
using selectors::ValueError;

class SignalsTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, SignalsTest, tests::all_selectors(),
                         tests::name_of);

class SignalHandlersTest : public tests::NoLeak {};

TEST_F(SignalHandlersTest, WhatAddAndRemoveAnswer) {
  EventLoop loop;
  EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
  loop.add_signal_handler(SIGUSR1, [] {});
  loop.add_signal_handler(SIGUSR1, [] {});
  EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
  EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
}

TEST_F(SignalHandlersTest, WhatIsNoSignal) {
  EventLoop loop;
  for (const int number : {0, -1, 65, 1000}) {
    EXPECT_THROW(loop.add_signal_handler(number, [] {}), ValueError) << number;
    EXPECT_THROW(loop.remove_signal_handler(number), ValueError) << number;
  }
}

TEST_F(SignalHandlersTest, WhatCannotBeCaught) {
  EventLoop loop;
  const auto alive = std::make_shared<int>();
  for (const int number : {SIGKILL, SIGSTOP}) {
    EXPECT_THROW(loop.add_signal_handler(number, [alive] {}), RuntimeError);
    EXPECT_FALSE(loop.remove_signal_handler(number));
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(SignalHandlersTest, AfterClose) {
  EventLoop loop;
  loop.close();
  EXPECT_THROW(loop.add_signal_handler(SIGUSR1, [] {}), RuntimeError);
  EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
}

// They differ from the others: they queue. The loop counts both.
TEST_F(SignalHandlersTest, RealTimeSignals) {
  EventLoop loop;
  int ran = 0;
  loop.add_signal_handler(SIGRTMIN, [&] { ++ran; });
  loop.add_signal_handler(SIGRTMAX, [&] { ran += 10; });
  for (int i = 0; i < 3; ++i) ::raise(SIGRTMIN);
  ::raise(SIGRTMAX);
  run_woken(loop);
  EXPECT_EQ(ran, 13);
}

TEST_P(SignalsTest, R85_ABurstIsCounted) {
  EventLoop loop(make_selector());
  int usr1 = 0, chld = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++usr1; });
  loop.add_signal_handler(SIGCHLD, [&] { ++chld; });
  for (int i = 0; i < 10; ++i) ::raise(SIGUSR1);
  ::raise(SIGCHLD);
  run_woken(loop);
  EXPECT_EQ(usr1, 10);
  EXPECT_EQ(chld, 1);
  loop.run_once(0s);
  EXPECT_EQ(usr1, 10);
}

TEST_P(SignalsTest, BetweenTheCheckAndTheWait) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  for (int i = 1; i <= 5; ++i) {
    const BeforeWait arrives([] { ::raise(SIGUSR1); });
    run_woken(loop);
    ASSERT_EQ(ran, i);
  }
}

// Any thread may be interrupted. The one that sleeps must be woken.
TEST_P(SignalsTest, InAnotherThreadWhileTheLoopSleeps) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  const BeforeWait arrives([] { in_thread([] { ::raise(SIGUSR1); }); });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_P(SignalsTest, R92_DataComesBeforeTheSignal) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  std::string order;
  loop.add_signal_handler(SIGCHLD, [&] { order += "signal "; });
  loop.add_reader(pipe.reader, [&] { order += pipe.reader.read() + " "; });
  pipe.writer.write("data");
  ::raise(SIGCHLD);
  run_woken(loop);
  EXPECT_EQ(order, "data signal ");
}

TEST_P(SignalsTest, OneDuringTheIterationComesInTheNext) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  loop.call_soon([] { ::raise(SIGUSR1); });
  run_woken(loop);
  EXPECT_EQ(ran, 0);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_F(SignalHandlersTest, ReplacedBeforeItRan) {
  EventLoop loop;
  std::string order;
  const auto alive = std::make_shared<int>();
  loop.add_signal_handler(SIGUSR1, [&order, alive] { order += "old "; });
  ::raise(SIGUSR1);
  loop.add_signal_handler(SIGUSR1, [&] { order += "new "; });
  EXPECT_EQ(alive.use_count(), 1);
  run_woken(loop);
  EXPECT_EQ(order, "new ");
}

TEST_F(SignalHandlersTest, RemovesItself) {
  EventLoop loop;
  int ran = 0;
  const auto alive = std::make_shared<int>();
  loop.add_signal_handler(SIGCHLD, [&, alive] {
    EXPECT_TRUE(loop.remove_signal_handler(SIGCHLD));
    EXPECT_EQ(alive.use_count(), 2);  // It lives until it returns.
    ++ran;
  });
  for (int i = 0; i < 3; ++i) ::raise(SIGCHLD);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(SignalHandlersTest, RemovedByAnother) {
  EventLoop loop;
  int ran = 0;
  const auto remove_both = [&] {
    ++ran;
    loop.remove_signal_handler(SIGUSR1);
    loop.remove_signal_handler(SIGUSR2);
  };
  loop.add_signal_handler(SIGUSR1, remove_both);
  loop.add_signal_handler(SIGUSR2, remove_both);
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

// What arrived for a handler that is gone is not for one that is added later.
TEST_F(SignalHandlersTest, RemovedAndAddedAgain) {
  EventLoop loop;
  int ran = 0;
  loop.add_signal_handler(SIGCHLD, [] { FAIL(); });
  ::raise(SIGCHLD);
  loop.remove_signal_handler(SIGCHLD);
  loop.add_signal_handler(SIGCHLD, [&] { ++ran; });
  loop.run_once(0s);
  EXPECT_EQ(ran, 0);
  ::raise(SIGCHLD);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_F(SignalHandlersTest, OneThatThrowsIsToldAndRunsAgain) {
  EventLoop loop;
  int ran = 0, told = 0;
  loop.set_exception_handler(
      [&](EventLoop&, const ExceptionContext&) { ++told; });
  loop.add_signal_handler(SIGUSR1, [&] {
    ++ran;
    throw ran;
  });
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  run_woken(loop);
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(told, 2);
}

// Each gets it, whichever thread the kernel interrupts.
TEST_F(SignalHandlersTest, TwoLoopsInTwoThreads) {
  EventLoop first, second;
  std::atomic<int> ready = 0;
  int ran_first = 0, ran_second = 0;
  const auto count_in = [](EventLoop& loop, int& ran) {
    loop.add_signal_handler(SIGUSR1, [&] {
      ++ran;
      loop.stop();
    });
  };
  count_in(first, ran_first);
  count_in(second, ran_second);
  for (EventLoop* const loop : {&first, &second}) {
    loop->call_soon([&] { ++ready; });
  }
  Joined one([&] { first.run_forever(); });
  Joined two([&] { second.run_forever(); });
  while (ready < 2) std::this_thread::yield();
  ::raise(SIGUSR1);  // In this thread, which has no loop.
  one.join();
  two.join();
  EXPECT_EQ(ran_first, 1);
  EXPECT_EQ(ran_second, 1);
}

// The wake-up cannot be written: its descriptor is gone.
TEST_F(SignalHandlersTest, R87_ErrnoOfWhatIsInterruptedStays) {
  const std::set<int> before = tests::open_fds();
  EventLoop loop(std::make_unique<selectors::PollSelector>());
  int wake_up = -1;
  for (const int fd : tests::open_fds()) {
    if (!before.contains(fd)) wake_up = fd;
  }
  loop.add_signal_handler(SIGUSR1, [] {});
  const tests::File kept = tests::dup_at_least(tests::File(wake_up), 100);
  int seen = 0;
  {
    const BeforeWait arrives([&] {
      errno = ENOTTY;
      ::raise(SIGUSR1);
      seen = errno;
    });
    loop.run_once(1ms);
    EXPECT_TRUE(arrives.fired());
  }
  EXPECT_EQ(seen, ENOTTY);
  tests::dup_to(kept, wake_up).release();
}

}  // namespace
}  // namespace loop

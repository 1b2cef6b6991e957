// A sleeping loop is woken, always and on every selector, and an awake one is
// left alone.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "selectors/kernel/call.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using tests::FaultInjector;

class WakeUpTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, WakeUpTest, tests::all_selectors(),
                         tests::name_of);

// The moment at which wake-ups get lost: the loop has found that there is
// nothing to do, and does not sleep yet.
TEST_P(WakeUpTest, R80_BetweenTheCheckAndTheWait) {
  EventLoop loop(make_selector());
  for (int i = 0; i < 20; ++i) {
    int ran = 0;
    const BeforeWait post(
        [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
    run_woken(loop);
    EXPECT_TRUE(post.fired());
    ASSERT_EQ(ran, 1);
  }
}

// As a selector of the user's own might do.
TEST_P(WakeUpTest, BetweenTheCheckAndTheWaitByItsOwnThread) {
  EventLoop loop(make_selector());
  int ran = 0;
  const BeforeWait post([&] { loop.call_soon_threadsafe([&] { ++ran; }); });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_P(WakeUpTest, NothingIsWrittenWhileItIsAwake) {
  EventLoop loop(make_selector());
  const WakeUps wake_ups;
  int ran = 0;
  const auto burst = [&] {
    in_thread([&] {
      for (int i = 0; i < 1000; ++i) loop.call_soon_threadsafe([&] { ++ran; });
    });
  };
  burst();  // Before it has slept at all.
  run_woken(loop);
  loop.call_soon(burst);
  run_woken(loop);
  run_woken(loop);
  loop.run_once(1us);  // It sleeps, and wakes by itself.
  burst();
  run_woken(loop);
  EXPECT_EQ(ran, 3000);
  EXPECT_EQ(wake_ups.count(), 0);
}

TEST_P(WakeUpTest, OneIsWrittenWhileItIsAsleep) {
  EventLoop loop(make_selector());
  const WakeUps wake_ups;
  int ran = 0;
  const BeforeWait post([&] {
    in_thread([&] {
      for (int i = 0; i < 1000; ++i) loop.call_soon_threadsafe([&] { ++ran; });
    });
  });
  run_woken(loop);
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(wake_ups.count(), 1);
}

// A wake-up is for one sleep.
TEST_P(WakeUpTest, SleepsAgainAfterwards) {
  EventLoop loop(make_selector());
  int ran = 0;
  {
    const BeforeWait post(
        [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
    run_woken(loop);
  }
  const auto start = loop.time();
  loop.run_once(1ms);
  EXPECT_GE(loop.time() - start, 1ms);
  EXPECT_EQ(ran, 1);
}

// The whole race, as it comes: each post waits until the one before has run.
TEST_P(WakeUpTest, R80_NoneIsLost) {
  constexpr int kPosts = kSlow ? 2000 : 10000;
  EventLoop loop(make_selector());
  std::atomic<int> ran = 0;
  const Joined poster([&] {
    for (int i = 0; i < kPosts; ++i) {
      loop.call_soon_threadsafe([&] { ++ran; });
      // A few turns, so that it comes now while the loop falls asleep, now
      // while it sleeps.
      for (int spins = i % 64; ran <= i && spins > 0; --spins) {
      }
      while (ran <= i) std::this_thread::yield();
    }
  });
  EXPECT_TRUE(run_until(loop, [&] { return ran == kPosts; }));
}

TEST_P(WakeUpTest, AFailedWriteIsToldOnceAndNotThrown) {
  EventLoop loop(make_selector());
  int ran = 0;
  ::testing::internal::CaptureStderr();
  {
    FaultInjector broken(FaultInjector::kAll, EBADF, [](const Call& call) {
      return FaultInjector::is(call, "write") && call.args[2] == 8;
    });
    const BeforeWait post([&] {
      in_thread([&] {
        EXPECT_NO_THROW(loop.call_soon_threadsafe([&] { ++ran; }));
        EXPECT_NO_THROW(loop.call_soon_threadsafe([&] { ++ran; }));
      });
    });
    loop.run_once(1ms);
    EXPECT_TRUE(broken.fired());
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("loop: cannot wake the event loop"), 0u) << text;
  EXPECT_NE(text.find("write to fd "), std::string::npos) << text;
  EXPECT_NE(text.find(": Bad file descriptor\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  EXPECT_EQ(ran, 2);  // When it woke by itself.
}

// A write that a signal interrupts has written nothing.
TEST_P(WakeUpTest, AnInterruptedWriteIsRepeated) {
  EventLoop loop(make_selector());
  int ran = 0;
  FaultInjector interrupted(1, EINTR, [](const Call& call) {
    return FaultInjector::is(call, "write") && call.args[2] == 8;
  });
  const BeforeWait post(
      [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
  run_woken(loop);
  EXPECT_TRUE(interrupted.fired());
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace loop

// A process that fork()s while it has a loop. Both go on, each on its own.

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using tests::FaultInjector;

class ForkTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, ForkTest, tests::all_selectors(),
                         tests::name_of);

// Nothing wakes the loop, although `meanwhile` happens when it falls asleep.
// How long that takes does not count.
void expect_to_sleep(
    EventLoop& loop, const std::function<void()>& meanwhile = [] {}) {
  TimePoint start;
  const BeforeWait before_wait([&] {
    meanwhile();
    start = loop.time();
  });
  loop.run_once(2ms);
  EXPECT_TRUE(before_wait.fired());
  EXPECT_GE(loop.time() - start, 2ms);
}

TEST_P(ForkTest, TheChildHasALoopOfItsOwn) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  std::string ran;
  loop.add_reader(pipe.reader, [&] { ran += "read "; });
  loop.add_signal_handler(SIGUSR1, [&] { ran += "signal "; });
  loop.call_later(0s, [&] { ran += "timer "; });
  loop.run_once(0s);
  EXPECT_EQ(ran, "timer ");
  ran.clear();
  expect_in_child([&] {
    loop.after_fork_in_child();
    expect_to_sleep(loop);
    {
      const BeforeWait post([&] {
        in_thread([&] { loop.call_soon_threadsafe([&] { ran += "post "; }); });
      });
      run_woken(loop);
    }
    {
      const BeforeWait arrives([] { ::raise(SIGUSR1); });
      run_woken(loop);
    }
    loop.call_later(1us, [&] { ran += "timer "; });
    EXPECT_TRUE(run_until(loop, [&] { return ran.ends_with("timer "); }));
    const tests::Pipe own;  // That the parent does not see.
    own.writer.write("x");
    loop.add_reader(own.reader, [&] { ran += "own "; });
    run_woken(loop);
    loop.close();
    EXPECT_EQ(ran, "post signal timer own ");
  });
  EXPECT_EQ(ran, "");
  expect_to_sleep(loop);
  pipe.writer.write("x");
  run_woken(loop);
  EXPECT_EQ(ran, "read ");
}

TEST_P(ForkTest, WhatTheParentWatchesTheChildWatchesToo) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  int ran = 0;
  loop.add_reader(pipe.reader, [&] { ++ran; });
  loop.run_once(0s);
  expect_in_child([&] {
    loop.after_fork_in_child();
    pipe.writer.write("x");
    run_woken(loop);
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(pipe.reader.read(), "x");
  });
  EXPECT_EQ(ran, 0);
  expect_to_sleep(loop);
}

// What was removed in the iteration that forks the selector may not know yet.
TEST_P(ForkTest, TheChannelGetsANumberThatWasWatched) {
  EventLoop loop(make_selector());
  tests::Pipe pipe;
  loop.add_reader(pipe.reader, [] {});
  loop.run_once(0s);
  loop.remove_reader(pipe.reader);
  pipe.reader.close();  // The lowest that is free.
  expect_in_child([&] {
    loop.after_fork_in_child();
    bool ran = false;
    in_thread([&] { loop.call_soon_threadsafe([&] { ran = true; }); });
    run_woken(loop);
    EXPECT_TRUE(ran);
  });
}

// The parent's callback forks; the child goes on in the middle of it.
TEST_P(ForkTest, InACallback) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  int ran = 0;
  loop.add_reader(pipe.reader, [&] {
    pipe.reader.read();
    expect_in_child([&] {
      loop.after_fork_in_child();
      EXPECT_TRUE(loop.is_running());
      loop.call_soon([&] { ++ran; });
      EXPECT_EQ(ran, 0);
    });
    loop.call_soon([&] { ran += 10; });
  });
  pipe.writer.write("x");
  run_woken(loop);
  run_woken(loop);
  EXPECT_EQ(ran, 10);
}

// Until the child is on its own it has the parent's channel.
TEST_P(ForkTest, ASignalInTheChildDoesNotReachTheParent) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  // In the parent's sleep, when a signal of its own would be written.
  expect_to_sleep(loop, [] {
    expect_in_child([] {
      for (int i = 0; i < 3; ++i) ::raise(SIGUSR1);
    });
  });
  EXPECT_EQ(ran, 0);
  ::raise(SIGUSR1);
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_P(ForkTest, WhatTheChildDoesLaterDoesNotReachTheParent) {
  EventLoop loop(make_selector());
  int ran = 0;
  loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
  expect_to_sleep(loop, [&] {
    expect_in_child([&] {
      loop.after_fork_in_child();
      loop.call_soon_threadsafe([&] { ++ran; });
      ::raise(SIGUSR1);
    });
  });
  EXPECT_EQ(ran, 0);
}

TEST_P(ForkTest, PostsFromBeforeRunInBoth) {
  EventLoop loop(make_selector());
  int ran = 0;
  in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); });
  expect_in_child([&] {
    loop.after_fork_in_child();
    run_woken(loop);
    EXPECT_EQ(ran, 1);
  });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

// A child that closes the loop without having made it its own.
TEST_P(ForkTest, ClosedInTheChild) {
  EventLoop loop(make_selector());
  int ran = 0;
  expect_in_child([&] { loop.close(); });
  const BeforeWait post(
      [&] { in_thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }); });
  run_woken(loop);
  EXPECT_EQ(ran, 1);
}

TEST_P(ForkTest, TheChildLeavesNoDescriptorBehind) {
  const std::set<int> before = tests::open_fds();
  auto loop = std::make_unique<EventLoop>(make_selector());
  expect_in_child([&] {
    loop->after_fork_in_child();
    loop->after_fork_in_child();
    loop.reset();
    EXPECT_EQ(tests::open_fds(), before);
  });
}

// When there is no descriptor at first, it can be tried again.
TEST_P(ForkTest, AfterAFailureItCanBeTriedAgain) {
  EventLoop loop(make_selector());
  int ran = 0;
  expect_in_child([&] {
    {
      FaultInjector none_left(FaultInjector::kAll, EMFILE, [](const Call& c) {
        return FaultInjector::is(c, "eventfd");
      });
      EXPECT_THROW(loop.after_fork_in_child(), selectors::OSError);
    }
    loop.after_fork_in_child();
    const BeforeWait post([&] { loop.call_soon_threadsafe([&] { ++ran; }); });
    run_woken(loop);
    EXPECT_EQ(ran, 1);
  });
}

}  // namespace
}  // namespace loop

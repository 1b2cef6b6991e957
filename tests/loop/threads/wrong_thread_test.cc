// In debug mode a loop complains of threads that use it and must not.

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::RuntimeError;

class WrongThreadTest : public ::testing::Test {
 protected:
  // Calls it in another thread while the loop runs.
  void expect_refused(const std::function<void()>& function) {
    bool ran = false;
    loop_.call_soon([&] {
      in_thread([&] { EXPECT_THROW(function(), RuntimeError); });
      ran = true;
    });
    loop_.run_once(0s);
    EXPECT_TRUE(ran);
  }

  EventLoop& debugged() {
    loop_.set_debug(true);
    return loop_;
  }

  EventLoop loop_;
};

TEST_F(WrongThreadTest, Scheduling) {
  EventLoop& loop = debugged();
  expect_refused([&] { loop.call_soon([] {}); });
  expect_refused([&] { loop.call_later(0s, [] {}); });
  expect_refused([&] { loop.call_at(loop.time(), [] {}); });
  expect_refused([&] { loop.call_every(1s, [] {}); });
}

TEST_F(WrongThreadTest, Cancelling) {
  EventLoop& loop = debugged();
  Handle soon = loop.call_soon([] {});
  TimerHandle timer = loop.call_later(1h, [] {});
  expect_refused([&] { soon.cancel(); });
  expect_refused([&] { timer.cancel(); });
}

TEST_F(WrongThreadTest, Descriptors) {
  EventLoop& loop = debugged();
  const tests::Pipe pipe;
  expect_refused([&] { loop.add_reader(pipe.reader, [] {}); });
  expect_refused([&] { loop.remove_reader(pipe.reader); });
  expect_refused([&] { loop.add_writer(pipe.writer, [] {}); });
  expect_refused([&] { loop.remove_writer(pipe.writer); });
}

TEST_F(WrongThreadTest, Signals) {
  EventLoop& loop = debugged();
  expect_refused([&] { loop.add_signal_handler(SIGUSR1, [] {}); });
  expect_refused([&] { loop.remove_signal_handler(SIGUSR1); });
}

TEST_F(WrongThreadTest, PostingIsAllowed) {
  EventLoop& loop = debugged();
  int ran = 0;
  loop.call_soon([&] {
    in_thread(
        [&] { EXPECT_NO_THROW(loop.call_soon_threadsafe([&] { ++ran; })); });
  });
  loop.run_once(0s);
  loop.run_once(0s);
  EXPECT_EQ(ran, 1);
}

// A loop belongs to the thread that runs it, not to the one that made it.
TEST_F(WrongThreadTest, AnyThreadWhileItDoesNotRun) {
  EventLoop& loop = debugged();
  int ran = 0;
  in_thread([&] {
    loop.call_soon([&] {
      loop.call_soon([&] { ++ran; });
      ++ran;
    });
    loop.run_once(0s);
    loop.run_once(0s);
  });
  EXPECT_EQ(ran, 2);
}

TEST_F(WrongThreadTest, RunningItTwice) {
  loop_.call_soon([&] {
    in_thread([&] {
      EXPECT_THROW(loop_.run_once(0s), RuntimeError);
      EXPECT_THROW(loop_.run_forever(), RuntimeError);
      EXPECT_THROW(loop_.close(), RuntimeError);
    });
  });
  loop_.run_once(0s);
  EXPECT_FALSE(loop_.is_closed());
}

}  // namespace
}  // namespace loop

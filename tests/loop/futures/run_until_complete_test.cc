// Running a loop for the sake of one future.

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using RunUntilComplete = FutureTest;

std::string error_of(const Future<int>& future) {
  try {
    run_until_complete(future);
  } catch (const RuntimeError& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(RunUntilComplete, Result) {
  const auto future = make<int>();
  f_.loop.call_later(10ms, [&] { future.set_result(42); });
  EXPECT_EQ(run_until_complete(future), 42);
  EXPECT_EQ(f_.ms(), 10);
  EXPECT_FALSE(f_.loop.is_running());
}

TEST_F(RunUntilComplete, DoneBefore) {
  const auto future = make<int>();
  future.set_result(42);
  Journal journal;
  f_.loop.call_soon(note(journal, "one iteration"));
  EXPECT_EQ(run_until_complete(future), 42);
  EXPECT_EQ(journal, Journal{"one iteration"});
}

TEST_F(RunUntilComplete, Void) {
  const auto future = make<void>();
  f_.loop.call_soon([&] { future.set_result(); });
  run_until_complete(future);
  EXPECT_TRUE(future.done());
}

TEST_F(RunUntilComplete, MoveOnly) {
  const auto future = make<std::unique_ptr<int>>();
  f_.loop.call_soon([&] { future.set_result(std::make_unique<int>(7)); });
  const std::unique_ptr<int> taken = std::move(run_until_complete(future));
  EXPECT_EQ(*taken, 7);
}

// A future that the caller keeps has its result referred to; a temporary, which
// is gone when the call has returned, gives it away.
static_assert(std::is_same_v<decltype(run_until_complete(
                                 std::declval<const Future<std::string>&>())),
                             std::string&>);
static_assert(std::is_same_v<decltype(run_until_complete(
                                 std::declval<Future<std::string>&>())),
                             std::string&>);
static_assert(std::is_same_v<
              decltype(run_until_complete(std::declval<Future<std::string>>())),
              std::string>);
static_assert(
    std::is_void_v<decltype(run_until_complete(std::declval<Future<>>()))>);

TEST_F(RunUntilComplete, ResultOfATemporary) {
  const auto last_handle = [&] {
    const auto future = make<std::string>();
    f_.loop.call_soon([=] { future.set_result("a text that is not short"); });
    return future;
  };
  auto&& result = run_until_complete(last_handle());
  f_.loop.run_once(0s);
  EXPECT_EQ(result, "a text that is not short");
}

TEST_F(RunUntilComplete, ResultOfATemporaryHandleOfSeveral) {
  const auto future = make<std::string>();
  future.set_result("text");
  EXPECT_EQ(run_until_complete(Future(future)), "text");
  EXPECT_EQ(future.result(), "text");
}

TEST_F(RunUntilComplete, MoveOnlyResultOfATemporary) {
  const auto future = make<std::unique_ptr<int>>();
  future.set_result(std::make_unique<int>(7));
  const auto taken = run_until_complete(Future(future));
  EXPECT_EQ(*taken, 7);
  EXPECT_THROW(future.result(), InvalidStateError);
}

// It counts as retrieved.
TEST_F(RunUntilComplete, Exception) {
  const auto future = make<int>();
  f_.loop.call_soon([&] { future.set_exception(Mistake("the reason")); });
  EXPECT_THROW(run_until_complete(future), Mistake);
}

TEST_F(RunUntilComplete, Cancelled) {
  const auto future = make<int>();
  f_.loop.call_soon([&] { future.cancel("why"); });
  EXPECT_EQ(cancelled_with([&] { run_until_complete(future); }), "why");
}

TEST_F(RunUntilComplete, Again) {
  for (int i = 0; i < 3; ++i) {
    const auto future = make<int>();
    f_.loop.call_later(10ms, [&] { future.set_result(i); });
    EXPECT_EQ(run_until_complete(future), i);
  }
}

TEST_F(RunUntilComplete, StoppedBefore) {
  const auto future = make<int>();
  f_.loop.call_soon([&] { f_.loop.stop(); });
  EXPECT_EQ(error_of(future), "Event loop stopped before Future completed.");
  // Nothing is left that would stop the loop.
  future.set_result(1);
  Journal journal;
  f_.loop.call_later(10ms, note(journal, "timer"));
  f_.run_for(20ms);
  EXPECT_EQ(journal, Journal{"timer"});
}

// Differs from Python: the stop() that it scheduled is not that of the next.
TEST_F(RunUntilComplete, StoppedInTheSameIteration) {
  const auto future = make<int>();
  f_.loop.call_soon([&] {
    future.set_result(1);
    f_.loop.stop();
  });
  EXPECT_EQ(run_until_complete(future), 1);
  Journal journal;
  f_.loop.call_later(10ms, note(journal, "timer"));
  f_.run_for(20ms);
  EXPECT_EQ(journal, Journal{"timer"});
}

TEST_F(RunUntilComplete, WhatLeavesTheLoopLeavesIt) {
  const auto future = make<int>();
  EXPECT_THROW(run_until_complete(future), std::logic_error);  // Sleeps.
  future.set_result(1);
  Journal journal;
  f_.loop.call_later(10ms, note(journal, "timer"));
  f_.run_for(20ms);
  EXPECT_EQ(journal, Journal{"timer"});
}

TEST_F(RunUntilComplete, ClosedLoop) {
  const auto future = make<int>();
  f_.loop.close();
  EXPECT_EQ(error_of(future), "Event loop is closed");
  future.set_result(1);
  EXPECT_EQ(error_of(future), "Event loop is closed");
}

// The loop that runs goes on, even if the future is done.
TEST_F(RunUntilComplete, RunningLoop) {
  const auto future = make<int>();
  future.set_result(1);
  Journal journal;
  f_.loop.call_soon([&] {
    EXPECT_NE(error_of(future), "no error");
    f_.loop.call_later(10ms, note(journal, "timer"));
  });
  f_.run_for(20ms);
  EXPECT_EQ(journal, Journal{"timer"});
}

TEST_F(RunUntilComplete, WhileAnotherLoopRuns) {
  const auto future = make<int>();
  EventLoop other;
  other.call_soon([&] { EXPECT_NE(error_of(future), "no error"); });
  other.run_once(0s);
  EXPECT_FALSE(future.done());
}

}  // namespace
}  // namespace loop

// try_finally(): a clean-up that waits.

#include "loop/tasks/try_finally.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class TryFinallyTest : public CoroutineTest {
 protected:
  Coroutine<> body(std::chrono::milliseconds delay, std::string failure = "") {
    log_.push_back("body");
    co_await sleep(delay);
    log_.push_back("end of body");
    if (!failure.empty()) throw Mistake(failure);
  }

  Coroutine<> clean_up(std::string failure = "") {
    log_.push_back("clean-up");
    co_await sleep(10ms);
    log_.push_back("clean");
    if (!failure.empty()) throw Mistake(failure);
  }

  using Log = std::vector<std::string>;
  Log log_;
};

TEST_F(TryFinallyTest, BodyReturns) {
  const auto cleaning = [&] { return clean_up(); };
  run(try_finally(body(1ms), cleaning));
  EXPECT_EQ(log_, (Log{"body", "end of body", "clean-up", "clean"}));
}

TEST_F(TryFinallyTest, ResultMayBeMoveOnly) {
  const auto cleaning = [&] { return clean_up(); };
  const auto task =
      start(try_finally(sleep(1ms, std::make_unique<int>(7)), cleaning));
  EXPECT_EQ(*run_until_complete(task), 7);
  EXPECT_EQ(log_, (Log{"clean-up", "clean"}));
}

TEST_F(TryFinallyTest, BodyThrows) {
  const auto cleaning = [&] { return clean_up(); };
  const auto task = start(try_finally(body(1ms, "body"), cleaning));
  EXPECT_THROW(run_until_complete(task), Mistake);
  EXPECT_EQ(text_of(task.exception()), "body");
  EXPECT_EQ(log_.back(), "clean");
}

TEST_F(TryFinallyTest, BodyIsCancelled) {
  const auto cleaning = [&] { return clean_up(); };
  const auto task = start(try_finally(body(1h), cleaning));
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
  EXPECT_EQ(log_, (Log{"body", "clean-up", "clean"}));
  EXPECT_TRUE(task.cancelled());
}

TEST_F(TryFinallyTest, CleanUpThrows) {
  const auto cleaning = [&] { return clean_up("clean-up"); };
  for (const std::string failure : {"", "body"}) {
    const auto task = start(try_finally(body(1ms, failure), cleaning));
    EXPECT_THROW(run_until_complete(task), Mistake);
    EXPECT_EQ(text_of(task.exception()), "clean-up") << failure;
  }
}

TEST_F(TryFinallyTest, CleanUpThrowsAfterACancellation) {
  const auto cleaning = [&] { return clean_up("clean-up"); };
  const auto task = start(try_finally(body(1h), cleaning));
  f_.turn();
  task.cancel();
  EXPECT_THROW(run_until_complete(task), Mistake);
}

TEST_F(TryFinallyTest, CleanUpIsCancelled) {
  const auto cleaning = [&] { return clean_up(); };
  const auto task = start(try_finally(body(1ms, "body"), cleaning));
  f_.run_for(2ms);
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(log_.back(), "clean-up");
}

TEST_F(TryFinallyTest, ShieldedCleanUpGoesOn) {
  const auto cleaning = [&] { return shield(clean_up()); };
  const auto task = start(try_finally(body(1h), cleaning));
  f_.turn();
  task.cancel("first");
  f_.turn(3);
  task.cancel("second");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "second");
  f_.run_for(10ms);
  EXPECT_EQ(log_.back(), "clean");
}

TEST_F(TryFinallyTest, Nested) {
  const auto inner_cleaning = [&] { return clean_up("inner"); };
  const auto cleaning = [&] { return clean_up(); };
  const auto task = start(
      try_finally(try_finally(body(1ms, "body"), inner_cleaning), cleaning));
  EXPECT_THROW(run_until_complete(task), Mistake);
  EXPECT_EQ(text_of(task.exception()), "inner");
  EXPECT_EQ(log_, (Log{"body", "end of body", "clean-up", "clean", "clean-up",
                       "clean"}));
}

TEST_F(TryFinallyTest, LoopThatClosesDoesNotCleanUp) {
  const auto cleaning = [&] { return clean_up(); };
  start(try_finally(body(1h), cleaning));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(log_, Log{"body"});
  f_.take_errors();
}

}  // namespace
}  // namespace loop

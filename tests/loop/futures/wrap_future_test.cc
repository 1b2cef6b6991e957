// A std::future that a loop waits for.

#include "loop/futures/wrap_future.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/future.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class WrapFutureTest : public ::testing::Test {
 protected:
  EventLoop loop_;
};

TEST_F(WrapFutureTest, Later) {
  std::promise<int> promise;
  const auto future = wrap_future(loop_, promise.get_future());
  EXPECT_FALSE(future.done());
  promise.set_value(7);
  EXPECT_EQ(run_until_complete(future), 7);
}

TEST_F(WrapFutureTest, ReadyAlready) {
  std::promise<std::unique_ptr<int>> promise;
  promise.set_value(std::make_unique<int>(7));
  const auto future = wrap_future(loop_, promise.get_future());
  EXPECT_TRUE(future.done());
  EXPECT_EQ(*future.result(), 7);
  std::promise<void> nothing;
  nothing.set_value();
  EXPECT_TRUE(wrap_future(loop_, nothing.get_future()).done());
}

TEST_F(WrapFutureTest, Exception) {
  std::promise<void> late;
  const auto future = wrap_future(loop_, late.get_future());
  late.set_exception(std::make_exception_ptr(Mistake("late")));
  EXPECT_THROW(run_until_complete(future), Mistake);
  std::promise<int> ready;
  ready.set_exception(std::make_exception_ptr(Mistake("ready")));
  EXPECT_THROW(wrap_future(loop_, ready.get_future()).result(), Mistake);
}

TEST_F(WrapFutureTest, BrokenPromise) {
  std::future<int> broken;
  { broken = std::promise<int>().get_future(); }
  EXPECT_THROW(wrap_future(loop_, std::move(broken)).result(),
               std::future_error);
}

TEST_F(WrapFutureTest, Async) {
  const auto where = [] { return std::this_thread::get_id(); };
  const auto eager = std::async(std::launch::async, where).get();
  const auto deferred =
      wrap_future(loop_, std::async(std::launch::deferred, where));
  EXPECT_NE(run_until_complete(deferred), std::this_thread::get_id());
  EXPECT_NE(eager, std::this_thread::get_id());
}

// The thread that waits is not for long.
TEST_F(WrapFutureTest, Cancelled) {
  std::promise<int> promise;
  const auto future = wrap_future(loop_, promise.get_future());
  future.cancel();
  EXPECT_TRUE(future.cancelled());
  promise.set_value(7);
  loop_.run_once(0s);
}

TEST_F(WrapFutureTest, Invalid) {
  EXPECT_THROW(wrap_future(loop_, std::future<int>()), ValueError);
}

}  // namespace
}  // namespace loop

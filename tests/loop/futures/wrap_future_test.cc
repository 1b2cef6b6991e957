// A std::future that a loop waits for.

#include "loop/futures/wrap_future.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/errors.h"
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

// Each waits for the one after it, which more threads do than the default
// executor has.
TEST_F(WrapFutureTest, ManyWaitAtATime) {
  constexpr std::size_t kFutures = 50;
  std::vector<std::promise<int>> promises(kFutures);
  std::vector<Future<int>> futures;
  for (std::promise<int>& promise : promises) {
    futures.push_back(wrap_future(loop_, promise.get_future()));
  }
  for (std::size_t i = kFutures; i-- > 0;) {
    promises[i].set_value(static_cast<int>(i));
    EXPECT_EQ(run_until_complete(futures[i]), static_cast<int>(i));
  }
}

// ---- A ConcurrentFuture ----

TEST_F(WrapFutureTest, Concurrent) {
  const ConcurrentFuture<int> source;
  const auto future = wrap_future(loop_, source);
  std::thread thread([source] { source.set_result(7); });
  EXPECT_EQ(run_until_complete(future), 7);
  thread.join();
  EXPECT_EQ(source.result(), 7);
}

TEST_F(WrapFutureTest, ConcurrentIsDoneAlready) {
  ConcurrentFuture<std::unique_ptr<int>> source;
  source.set_result(std::make_unique<int>(7));
  EXPECT_EQ(*run_until_complete(wrap_future(loop_, std::move(source))), 7);
  const ConcurrentFuture<void> nothing;
  nothing.set_result();
  run_until_complete(wrap_future(loop_, nothing));
}

// gh-134173: at once, not an iteration later.
TEST_F(WrapFutureTest, ConcurrentThatIsSettledInTheLoopsThread) {
  const ConcurrentFuture<int> source, cancelled;
  const auto future = wrap_future(loop_, source);
  const auto other = wrap_future(loop_, cancelled);
  loop_.call_soon([&] {
    source.set_result(7);
    EXPECT_TRUE(future.done());
    EXPECT_TRUE(wrap_future(loop_, source).done());
    cancelled.cancel();
    EXPECT_TRUE(other.cancelled());
  });
  loop_.run_once(0s);
  EXPECT_EQ(future.result(), 7);
}

TEST_F(WrapFutureTest, ConcurrentException) {
  const ConcurrentFuture<void> source;
  const auto future = wrap_future(loop_, source);
  source.set_exception(Mistake("no"));
  EXPECT_THROW(run_until_complete(future), Mistake);
}

TEST_F(WrapFutureTest, ConcurrentCancelledOnEitherSide) {
  const ConcurrentFuture<int> first, second;
  const auto of_first = wrap_future(loop_, first);
  const auto of_second = wrap_future(loop_, second);
  first.cancel("there");
  of_second.cancel("here");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(of_first); }), "there");
  loop_.run_once(0s);
  EXPECT_EQ(cancelled_with([&] { second.result(); }), "here");
}

TEST_F(WrapFutureTest, ConcurrentThatAnotherHandleHasTaken) {
  ConcurrentFuture<int> source;
  const auto first = wrap_future(loop_, ConcurrentFuture<int>(source));
  const auto second = wrap_future(loop_, source);
  source.set_result(7);
  EXPECT_EQ(run_until_complete(first), 7);
  EXPECT_THROW(run_until_complete(second), InvalidStateError);
}

TEST_F(WrapFutureTest, ConcurrentResultThatCannotBeCopied) {
  struct ThrowsWhenCopied {
    ThrowsWhenCopied() = default;
    ThrowsWhenCopied(const ThrowsWhenCopied&) { throw Mistake("no copy"); }
    ThrowsWhenCopied(ThrowsWhenCopied&&) noexcept {}
  };
  const ConcurrentFuture<ThrowsWhenCopied> source;
  const auto future = wrap_future(loop_, source);
  source.set_result(ThrowsWhenCopied());
  EXPECT_THROW(run_until_complete(future), Mistake);
}

// Nobody is told, and nothing is leaked.
TEST_F(WrapFutureTest, ConcurrentOfALoopThatIsClosed) {
  const ConcurrentFuture<Counted> source;
  {
    EventLoop loop;
    wrap_future(loop, source).add_done_callback([counted = Counted()] {
      FAIL();
    });
    loop.close();
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_THROW(wrap_future(loop, source), RuntimeError);
  }
  source.set_result(Counted());
}

TEST_F(WrapFutureTest, ConcurrentOfSeveralLoops) {
  EventLoop other;
  const ConcurrentFuture<std::string> source;
  const auto here = wrap_future(loop_, source);
  const auto there = wrap_future(other, source);
  source.set_result("text");
  EXPECT_EQ(run_until_complete(here), "text");
  EXPECT_EQ(run_until_complete(there), "text");
}

TEST_F(WrapFutureTest, Invalid) {
  EXPECT_THROW(wrap_future(loop_, std::future<int>()), ValueError);
}

}  // namespace
}  // namespace loop

// Cancelling the future that gather() returns.

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class GatherCancelTest : public CoroutineTest {
 protected:
  // Notes how it ends.
  Coroutine<int> sleep_long(std::string name) {
    const Counted counted;
    try {
      co_await sleep(1h);
    } catch (const CancelledError& error) {
      journal_.push_back(name + " " + error.what());
      throw;
    }
    co_return 1;
  }

  // Takes its time, and ends with 7.
  Coroutine<int> refuse() {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      journal_.push_back("refused");
    }
    co_await sleep(10ms);
    co_return 7;
  }

  Journal journal_;
};

TEST_F(GatherCancelTest, CancellationBroadcast) {
  const auto gathered = gather(start(sleep_long("a")), start(sleep_long("b")));
  f_.turn();
  EXPECT_TRUE(gathered.cancel("enough"));
  EXPECT_FALSE(gathered.done()) << "before its children are";
  EXPECT_EQ(cancelled_with([&] { run_until_complete(gathered); }), "enough");
  EXPECT_EQ(journal_, (Journal{"a enough", "b enough"}));
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(GatherCancelTest, TheTaskThatAwaitsIt) {
  const auto body = [&]() -> Coroutine<> {
    co_await gather(sleep_long("a"), sleep_long("b"));
  };
  const auto task = start(body());
  f_.turn(2);
  task.cancel("stop");
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "stop");
  f_.turn(3);
  EXPECT_EQ(journal_, (Journal{"a stop", "b stop"}));
}

// asyncio: test_cancel_gather_1. It is done only when the children are; then
// nobody can cancel it any more.
TEST_F(GatherCancelTest, WhenTheChildrenAreDone) {
  const auto future = make<int>();
  const auto gathered = gather(future);
  future.set_result(1);
  EXPECT_FALSE(gathered.cancel());
  f_.turn();
  EXPECT_FALSE(gathered.cancel());
  EXPECT_EQ(std::get<0>(gathered.result()), 1);
}

// R103 Both happen in one iteration.
TEST_F(GatherCancelTest, R103_TheTaskIsCancelledWhenTheChildrenAreDone) {
  const auto future = make<int>();
  const auto body = [&]() -> Coroutine<> { co_await gather(future); };
  const auto task = start(body());
  f_.turn();
  future.set_result(1);
  task.cancel("now");
  f_.turn(3);
  EXPECT_TRUE(task.cancelled());
}

// asyncio: test_cancel_gather_2, bpo-32684.
TEST_F(GatherCancelTest, WithReturnExceptions) {
  const auto body = [&]() -> Coroutine<> {
    co_await gather(return_exceptions, sleep_long("a"), sleep_long("b"));
  };
  const auto task = start(body());
  f_.turn(2);
  task.cancel("stop");
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(journal_, (Journal{"a stop", "b stop"}));
}

TEST_F(GatherCancelTest, WaitsForAllWithReturnExceptions) {
  const auto gathered =
      gather(return_exceptions, start(sleep_long("a")), start(refuse()));
  f_.turn();
  gathered.cancel();
  f_.turn(3);
  EXPECT_EQ(journal_, (Journal{"a ", "refused"}));
  EXPECT_FALSE(gathered.done());
  EXPECT_THROW(run_until_complete(gathered), CancelledError);
  EXPECT_EQ(f_.ms(), 10);
}

// Who asked to cancel it gets that, even if all children returned something.
TEST_F(GatherCancelTest, ChildrenThatRefuse) {
  const auto child = start(refuse());
  const auto gathered = gather(child);
  f_.turn();
  EXPECT_TRUE(gathered.cancel("please"));
  EXPECT_EQ(cancelled_with([&] { run_until_complete(gathered); }), "please");
  EXPECT_EQ(child.result(), 7);
}

TEST_F(GatherCancelTest, SomeAreDone) {
  const auto done = make<int>();
  const auto gathered = gather(done, start(sleep_long("b")));
  done.set_result(1);
  f_.turn(2);
  EXPECT_TRUE(gathered.cancel());
  EXPECT_THROW(run_until_complete(gathered), CancelledError);
  EXPECT_EQ(done.result(), 1);
}

TEST_F(GatherCancelTest, BeforeTheChildrenStart) {
  const auto body = [&]() -> Coroutine<> {
    const auto gathered = gather(sleep_long("a"), sleep_long("b"));
    gathered.cancel();
    co_await gathered;
  };
  EXPECT_THROW(run(body()), CancelledError);
  EXPECT_TRUE(journal_.empty()) << "they never started";
}

TEST_F(GatherCancelTest, TheSameFutureTwice) {
  const auto future = make<int>();
  const auto gathered = gather(future, future);
  EXPECT_TRUE(gathered.cancel("twice"));
  f_.turn();
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(cancelled_with([&] { gathered.result(); }), "twice");
}

TEST_F(GatherCancelTest, Nested) {
  const auto gathered =
      gather(gather(start(sleep_long("a"))), gather(start(sleep_long("b"))));
  f_.turn();
  EXPECT_TRUE(gathered.cancel("all"));
  EXPECT_EQ(cancelled_with([&] { run_until_complete(gathered); }), "all");
  f_.turn(2);
  EXPECT_EQ(journal_, (Journal{"a all", "b all"}));
}

// Nobody can cancel those any more, and it must not hang.
TEST_F(GatherCancelTest, TheOthersHaveDiedPending) {
  const auto child = start(sleep_long("a"));
  const auto gathered = gather(return_exceptions, child, make<int>());
  f_.turn();
  EXPECT_TRUE(gathered.cancel());
  EXPECT_THROW(run_until_complete(gathered), CancelledError);
}

TEST_F(GatherCancelTest, ClosedLoopWhileCancelling) {
  const auto body = [&]() -> Coroutine<> {
    co_await gather(refuse(), sleep_long("b"));
  };
  const auto task = start(body());
  f_.turn(2);
  task.cancel();
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(f_.take_errors().empty());
}

// Both retrieve what it came to; nobody is told of a plain cancellation.
TEST_F(GatherCancelTest, TwoTasksAwaitItAndAreCancelled) {
  const auto gathered = gather(make<int>());
  const auto body = [&]() -> Coroutine<> { co_await gathered; };
  std::vector<Task<>> tasks{start(body()), start(body())};
  f_.turn();
  for (const auto& task : tasks) task.cancel();
  f_.turn(4);
  for (const auto& task : tasks) EXPECT_TRUE(task.cancelled());
}

TEST_F(GatherCancelTest, TwoGathersOfOneFutureAreAwaitedAndCancelled) {
  const auto future = make<int>();
  const auto body = [&]() -> Coroutine<> { co_await gather(future); };
  std::vector<Task<>> tasks{start(body()), start(body())};
  f_.turn();
  for (const auto& task : tasks) task.cancel();
  f_.turn(4);
  for (const auto& task : tasks) EXPECT_TRUE(task.cancelled());
}

// The task was cancelled when the gather() had failed: that is retrieved, too.
TEST_F(GatherCancelTest, TheTaskIsCancelledWhenItHasFailed) {
  const auto future = make<int>();
  const auto gathered = gather(future);
  const auto body = [&]() -> Coroutine<> { co_await gathered; };
  const auto task = start(body());
  f_.turn();
  future.set_exception(Mistake("too late"));
  f_.turn();
  task.cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
}

TEST_F(GatherCancelTest, NobodyAwaitsIt) {
  const auto future = make<int>();
  {
    const auto gathered = gather(future);
    EXPECT_TRUE(gathered.cancel());
  }
  f_.turn(2);  // The fixture fails if the exception handler is called.
}

// asyncio: _GatheringFuture.cancel() of one that is done does nothing.
TEST_F(GatherCancelTest, OneThatHasFailedIsReportedAllTheSame) {
  const auto future = make<int>();
  {
    const auto gathered = gather(future);
    future.set_exception(Mistake("lost"));
    f_.turn();
    EXPECT_FALSE(gathered.cancel());
  }
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

// What cancels its children must not die of that.
TEST_F(GatherCancelTest, NestedAfterTheLoopHasClosed) {
  const auto child = make<int>();
  const auto gathered = gather(gather(child));
  f_.loop.close();
  EXPECT_TRUE(gathered.cancel("too late"));
  EXPECT_TRUE(child.cancelled());
}

}  // namespace
}  // namespace loop

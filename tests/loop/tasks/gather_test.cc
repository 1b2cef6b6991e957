// What gather() makes of results.

#include "loop/tasks/gather.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using std::chrono::milliseconds;

Coroutine<int> later(milliseconds delay, int result) {
  co_await sleep(delay);
  co_return result;
}

class GatherTest : public CoroutineTest {};

TEST_F(GatherTest, OneSuccess) {
  const auto a = make<int>(), b = make<int>(), c = make<int>();
  const auto gathered = gather(a, b, c);
  b.set_result(2);
  a.set_result(1);
  f_.turn();
  EXPECT_FALSE(gathered.done());
  c.set_result(3);
  EXPECT_FALSE(gathered.done()) << "settled within a set_result()";
  f_.turn();
  EXPECT_EQ(gathered.result(), std::tuple(1, 2, 3));
}

TEST_F(GatherTest, AwaitablesOfAllKinds) {
  const auto future = make<std::string>();
  f_.loop.call_later(5ms, [future] { future.set_result("future"); });
  const auto body = [&]() -> Coroutine<> {
    const auto task = create_task(later(10ms, 1));
    auto [a, b, c, d] =
        co_await gather(later(20ms, 2), task, future, sleep(30ms));
    EXPECT_EQ(a, 2);
    EXPECT_EQ(b, 1);
    EXPECT_EQ(c, "future");
    static_assert(std::same_as<decltype(d), std::monostate>);
  };
  run(body());
  EXPECT_EQ(f_.ms(), 30) << "one after the other";
}

TEST_F(GatherTest, ConstructorEmptySequence) {
  const auto body = []() -> Coroutine<> {
    EXPECT_TRUE(gather().done());
    EXPECT_EQ(co_await gather(), std::tuple<>());
    EXPECT_TRUE((co_await gather(std::vector<Task<int>>())).empty());
    EXPECT_TRUE(
        (co_await gather(return_exceptions, std::vector<Task<int>>())).empty());
  };
  run(body());
}

TEST_F(GatherTest, ConstructorEmptySequenceWithoutLoop) {
  EXPECT_THROW(static_cast<void>(gather()), RuntimeError);
}

// The loop is that of the first, so it need not run.
TEST_F(GatherTest, ConstructorWithoutLoop) {
  const auto future = make<int>();
  const auto gathered = gather(future, later(1ms, 2));
  future.set_result(1);
  EXPECT_EQ(run_until_complete(gathered), std::tuple(1, 2));
}

TEST_F(GatherTest, ConstructorHeterogenousFutures) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto ours = make<int>();
  const auto theirs = create_future<int>(other.loop);
  EXPECT_THROW(static_cast<void>(gather(ours, theirs)), ValueError);
  std::vector<Future<int>> both{theirs, ours};
  EXPECT_THROW(static_cast<void>(gather(both)), ValueError);
}

TEST_F(GatherTest, ConstructorHomogenousFutures) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(make<int>());
  const auto gathered = gather(futures);
  EXPECT_EQ(&gathered.get_loop(), &f_.loop);
  for (int i = 2; i >= 0; --i) {
    futures[static_cast<std::size_t>(i)].set_result(i);
  }
  EXPECT_EQ(run_until_complete(gathered), (std::vector{0, 1, 2}));
}

TEST_F(GatherTest, DuplicateFutures) {
  const auto a = make<std::string>();
  const auto gathered = gather(a, a);
  a.set_result("twice");
  EXPECT_EQ(run_until_complete(gathered),
            (std::tuple<std::string, std::string>("twice", "twice")));
}

// The last copy is taken, not the first.
TEST_F(GatherTest, DuplicateTasksThatNobodyKeeps) {
  const auto body = []() -> Coroutine<std::string> { co_return "twice"; };
  const auto gathered = [&] {
    const auto task = start(body());
    return gather(std::vector{task, task});
  }();
  EXPECT_EQ(run_until_complete(gathered),
            (std::vector<std::string>{"twice", "twice"}));
}

TEST_F(GatherTest, DoneFuturesMakeItDone) {
  const auto a = make<int>(), b = make<int>();
  a.set_result(1);
  b.set_result(2);
  const auto gathered = gather(a, b);
  EXPECT_TRUE(gathered.done());
  EXPECT_EQ(gathered.result(), std::tuple(1, 2));
}

TEST_F(GatherTest, TasksStartSoonAndInOrder) {
  Journal journal;
  const auto log = [&](std::string name) -> Coroutine<> {
    journal.push_back(name);
    co_return;
  };
  const auto body = [&]() -> Coroutine<> {
    const auto gathered = gather(log("a"), log("b"), log("c"));
    journal.push_back("gathered");
    co_await gathered;
  };
  run(body());
  EXPECT_EQ(journal, (Journal{"gathered", "a", "b", "c"}));
}

TEST_F(GatherTest, MoveOnlyResults) {
  using Pointer = std::unique_ptr<int>;
  const auto point = [](int to) -> Coroutine<Pointer> {
    co_return std::make_unique<int>(to);
  };
  const auto body = [&]() -> Coroutine<> {
    const auto pair = co_await gather(point(1), point(2));
    EXPECT_EQ(*std::get<1>(pair), 2);
    std::vector<Coroutine<Pointer>> coroutines;
    for (int i = 0; i < 3; ++i) coroutines.push_back(point(i));
    const auto all = co_await gather(std::move(coroutines));
    EXPECT_EQ(*all.at(2), 2);
    const auto [outcome] = co_await gather(return_exceptions, point(3));
    EXPECT_EQ(*outcome.value(), 3);
  };
  run(body());
}

// What others still can ask for is copied.
TEST_F(GatherTest, ResultsStayInTheirFutures) {
  const auto future = make<std::string>();
  const auto gathered = gather(future);
  future.set_result("a string that is too long for its own place");
  EXPECT_EQ(std::get<0>(run_until_complete(gathered)), future.result());
  EXPECT_FALSE(future.result().empty());
}

TEST_F(GatherTest, OfGathers) {
  const auto a = make<int>(), b = make<int>();
  const auto gathered = gather(gather(a, b), gather(gather(a)));
  a.set_result(1);
  b.set_result(2);
  const auto& [pair, single] = run_until_complete(gathered);
  EXPECT_EQ(pair, std::tuple(1, 2));
  EXPECT_EQ(std::get<0>(std::get<0>(single)), 1);
}

TEST_F(GatherTest, CopyingAResultSetsTheGather) {
  const auto child = make<CallsWhenCopied>();
  const auto all = gather(child);
  child.set_result(CallsWhenCopied(nullptr));
  int refused = 0;
  child.result().call = [&] {
    EXPECT_THROW(all.set_exception(Mistake("")), InvalidStateError);
    ++refused;
  };
  f_.turn(2);
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(std::get<0>(all.result()).call);
}

// ---- Who keeps whom ----

TEST_F(GatherTest, NobodyNeedKeepIt) {
  const auto a = make<int>();
  int sum = 0;
  gather(a, start(later(1ms, 2)))
      .add_done_callback([&](const Future<std::tuple<int, int>>& gathered) {
        sum = std::apply([](int x, int y) { return x + y; }, gathered.result());
      });
  a.set_result(1);
  f_.run_for(2ms);
  EXPECT_EQ(sum, 3);
}

TEST_F(GatherTest, DiesWithFuturesThatNobodyCompletes) {
  const auto result = make<Counted>();
  result.set_result(Counted());
  {
    [[maybe_unused]] const auto gathered = gather(result, make<int>());
    EXPECT_FALSE(gather(result, make<int>()).cancelled());
    f_.turn();
    EXPECT_TRUE(gathered.cancelled());
  }
  EXPECT_EQ(Counted::alive, 1);
}

TEST_F(GatherTest, ClosedLoopWhilePending) {
  const auto wait_long = [](Counted) -> Coroutine<Counted> {
    co_await sleep(1h);
    co_return Counted();
  };
  const auto body = [&]() -> Coroutine<> {
    co_await gather(wait_long(Counted()), wait_long(Counted()));
  };
  start(body());
  const auto kept = gather(start(wait_long(Counted())));
  f_.turn(2);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(kept.done() && !kept.cancelled());
  EXPECT_EQ(f_.take_errors().size(), 4u);
}

TEST_F(GatherTest, ChildrenAreDoneAfterTheLoopIsClosed) {
  const auto a = make<int>(), b = make<int>();
  const auto gathered = gather(a, b);
  f_.loop.close();
  a.set_result(1);
  b.set_result(2);
  EXPECT_FALSE(gathered.done());
}

TEST_F(GatherTest, TellsWhatItWaitsFor) {
  const auto a = make<int>(), b = make<int>();
  const auto gathered = gather(a, b);
  std::vector<FutureCore*> awaited;
  const auto look = [&] {
    awaited.clear();
    gathered.state().for_each_awaited(
        [&](FutureCore& future) { awaited.push_back(&future); });
    return awaited;
  };
  EXPECT_EQ(look(), (std::vector<FutureCore*>{&a.state(), &b.state()}));
  a.set_result(1);
  EXPECT_EQ(look(), (std::vector<FutureCore*>{&b.state()}));
  b.set_result(2);
  f_.turn();
  EXPECT_TRUE(look().empty());
}

}  // namespace
}  // namespace loop

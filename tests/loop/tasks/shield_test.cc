// shield(): awaitables that must not be cancelled.

#include "loop/tasks/shield.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class ShieldTest : public CoroutineTest {};

TEST_F(ShieldTest, Result) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  inner.set_result(42);
  EXPECT_FALSE(outer.done()) << "settled within set_result()";
  EXPECT_EQ(run_until_complete(outer), 42);
}

TEST_F(ShieldTest, Exception) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  inner.set_exception(Mistake("expected"));
  f_.turn();
  EXPECT_EQ(text_of(outer.exception()), "expected");
}

TEST_F(ShieldTest, CancelInner) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  f_.turn();
  inner.cancel();
  f_.turn();
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(ShieldTest, CancelOuter) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  f_.turn();
  EXPECT_TRUE(outer.cancel("enough"));
  EXPECT_TRUE(outer.cancelled());
  EXPECT_EQ(cancelled_with([&] { outer.result(); }), "enough");
  EXPECT_FALSE(outer.cancel());
  EXPECT_FALSE(inner.done());
  inner.set_result(1);
  f_.turn();
}

TEST_F(ShieldTest, Shortcut) {
  const auto done = make<int>();
  done.set_result(42);
  EXPECT_EQ(shield(done), done);
}

// The task that awaits is cancelled; the one that it awaits is not.
TEST_F(ShieldTest, Effect) {
  int proof = 0;
  const auto inner = [&]() -> Coroutine<> {
    co_await sleep(10ms);
    proof += 1;
  };
  const auto outer = [&]() -> Coroutine<> {
    co_await shield(inner());
    proof += 100;
  };
  const auto task = start(outer());
  f_.turn(2);
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  f_.run_for(10ms);
  EXPECT_EQ(proof, 1);
}

TEST_F(ShieldTest, AwaitablesOfAllKinds) {
  const auto body = [&]() -> Coroutine<> {
    co_await shield(sleep(1ms));
    const auto task = create_task(sleep(1ms, std::make_unique<int>(5)));
    EXPECT_EQ(*co_await shield(task), 5);
  };
  run(body());
}

TEST_F(ShieldTest, OfAGather) {
  const auto a = make<int>(), b = make<int>();
  const auto parent = gather(a, b);
  const auto outer = shield(parent);
  outer.cancel();
  EXPECT_TRUE(outer.cancelled());
  a.set_result(1);
  b.set_result(2);
  f_.turn();
  EXPECT_EQ(parent.result(), std::tuple(1, 2));
}

TEST_F(ShieldTest, InAGather) {
  const auto a = make<int>(), b = make<int>();
  const auto shielded_a = shield(a), shielded_b = shield(b);
  const auto parent = gather(shielded_a, shielded_b);
  f_.turn();
  parent.cancel();
  f_.turn();
  EXPECT_THROW(parent.result(), CancelledError);
  EXPECT_TRUE(shielded_a.cancelled());
  EXPECT_TRUE(shielded_b.cancelled());
  EXPECT_FALSE(a.done());
  a.set_result(1);
  b.set_result(2);
  f_.turn();
}

// ---- Exceptions are not lost, and told once ----

TEST_F(ShieldTest, ExceptionAfterTheOuterIsCancelled) {
  const auto fail = []() -> Coroutine<> {
    co_await sleep(10ms);
    throw Mistake("nobody waits");
  };
  const auto body = [&]() -> Coroutine<> { co_await shield(fail()); };
  const auto task = start(body());
  f_.turn(2);
  task.cancel();
  f_.run_for(20ms);
  EXPECT_TRUE(task.cancelled());
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "exception in shielded future");
  EXPECT_EQ(text_of(errors[0].exception), "nobody waits");
}

// gh-86802: test_shield_cancel_outer_exception. Reported always, and once for
// each inner future, whoever else has it.
TEST_F(ShieldTest, CancelOuterException) {
  struct Row {
    int cancelled;  // Shields that are cancelled.
    int kept;       // Shields that are not.
    bool asked;     // The inner one is asked for its exception.
  };
  for (const Row& row : {Row{1, 0, false}, Row{1, 0, true}, Row{3, 0, false},
                         Row{1, 1, false}, Row{3, 2, true}}) {
    const auto inner = make<int>();
    std::vector<Future<int>> kept;
    for (int i = 0; i < row.cancelled; ++i) shield(inner).cancel();
    for (int i = 0; i < row.kept; ++i) kept.push_back(shield(inner));
    inner.set_exception(Mistake("expected"));
    f_.turn(2);
    for (const auto& outer : kept) EXPECT_TRUE(outer.exception());
    if (row.asked) {
      EXPECT_TRUE(inner.exception());
    }
    const auto errors = f_.take_errors();
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].message, "exception in shielded future");
  }
}

// test_shield_cancel_outer_result, and of a cancelled inner future.
TEST_F(ShieldTest, CancelOuterWithoutExceptionReportsNothing) {
  const auto first = make<int>(), second = make<int>();
  shield(first).cancel();
  shield(second).cancel();
  first.set_result(1);
  second.cancel();
  f_.turn(2);
}

TEST_F(ShieldTest, OuterThatIsNotCancelledReportsNothing) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  inner.set_exception(Mistake("expected"));
  f_.turn(2);
  EXPECT_TRUE(outer.exception());
  EXPECT_FALSE(outer.cancel());
  f_.turn();
}

// gh-86802, too: Python 3.13 lost that exception.
TEST_F(ShieldTest, ExceptionInTheIterationThatCancelsTheOuter) {
  auto inner = std::make_unique<Future<int>>(f_.loop);
  const auto outer = shield(*inner);
  inner->set_exception(Mistake("at the same time"));
  outer.cancel();
  f_.turn();
  EXPECT_TRUE(outer.cancelled());
  inner.reset();
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

TEST_F(ShieldTest, NeverRetrieved) {
  const auto inner = make<int>();
  const auto line = __LINE__ + 1;
  { [[maybe_unused]] const auto outer = shield(inner); }
  inner.set_exception(Mistake("not asked for"));
  f_.turn();
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u) << "the inner one has been asked";
  EXPECT_EQ(errors[0].message, "Future exception was never retrieved");
  EXPECT_EQ(errors[0].where.repr(), place(line));
}

// ---- A result whose copying runs user code ----

TEST_F(ShieldTest, CopyingTheResultCancelsTheOuter) {
  const auto inner = make<CallsWhenCopied>();
  const auto outer = shield(inner);
  const auto waits = start(outer);
  inner.set_result(CallsWhenCopied(nullptr));
  bool cancelled = false;
  inner.result().call = [&] {
    if (!cancelled) cancelled = outer.cancel("too late");
  };
  f_.turn(3);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(outer.cancelled());
  EXPECT_EQ(cancelled_with([&] { waits.result(); }), "too late");
}

TEST_F(ShieldTest, CopyingTheResultSetsTheOuter) {
  const auto inner = make<CallsWhenCopied>();
  const auto outer = shield(inner);
  inner.set_result(CallsWhenCopied(nullptr));
  int refused = 0;
  inner.result().call = [&] {
    EXPECT_THROW(outer.set_result(CallsWhenCopied(nullptr)), InvalidStateError);
    ++refused;
  };
  f_.turn(2);
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(outer.result().call);
}

// ---- Who keeps whom ----

TEST_F(ShieldTest, NobodyNeedKeepIt) {
  const auto inner = make<int>();
  int result = 0;
  shield(inner).add_done_callback(
      [&](const Future<int>& outer) { result = outer.result(); });
  inner.set_result(3);
  f_.turn(2);
  EXPECT_EQ(result, 3);
}

TEST_F(ShieldTest, InnerDiesPending) {
  const auto outer = shield(make<Counted>());
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(ShieldTest, ClosedLoopWhilePending) {
  const auto inner = [](Counted) -> Coroutine<> { co_await sleep(1h); };
  const auto body = [&]() -> Coroutine<> { co_await shield(inner(Counted())); };
  start(body());
  f_.turn(2);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 2u);
}

TEST_F(ShieldTest, TellsWhatItWaitsFor) {
  const auto inner = make<int>();
  const auto outer = shield(inner);
  std::vector<FutureCore*> awaited;
  const auto add = [&](FutureCore& future) { awaited.push_back(&future); };
  outer.state().for_each_awaited(add);
  EXPECT_EQ(awaited, (std::vector<FutureCore*>{&inner.state()}));
  inner.set_result(1);
  outer.state().for_each_awaited(add);
  EXPECT_EQ(awaited.size(), 1u);
  f_.turn();
}

}  // namespace
}  // namespace loop

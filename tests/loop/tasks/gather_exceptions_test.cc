// What gather() makes of exceptions.

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/outcome.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

class GatherExceptionsTest : public CoroutineTest {};

Coroutine<int> fail(std::chrono::milliseconds delay, std::string what) {
  co_await sleep(delay);
  throw Mistake(what);
}

Coroutine<int> succeed(std::chrono::milliseconds delay, int result) {
  co_await sleep(delay);
  co_return result;
}

bool is_cancelled_error(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
  }
  return false;
}

TEST_F(GatherExceptionsTest, OneException) {
  const auto a = make<int>(), b = make<int>(), c = make<int>(), d = make<int>();
  const auto gathered = gather(a, b, c, d);
  a.set_result(1);
  b.set_exception(Mistake("b"));
  f_.turn();
  EXPECT_EQ(text_of(gathered.exception()), "b");
  c.set_exception(Mistake("c"));  // Does nothing.
  d.cancel();
  f_.turn();
  EXPECT_EQ(text_of(gathered.exception()), "b");
}

TEST_F(GatherExceptionsTest, TheOthersGoOn) {
  bool went_on = false;
  const auto other = [&]() -> Coroutine<> {
    co_await sleep(20ms);
    went_on = true;
  };
  const auto body = [&]() -> Coroutine<> {
    EXPECT_THROW(co_await gather(fail(10ms, "first"), other()), Mistake);
    EXPECT_FALSE(went_on);
  };
  run(body());
  EXPECT_EQ(f_.ms(), 10);
  f_.run_for(20ms);
  EXPECT_TRUE(went_on);
}

// Those that come later are told to nobody; the fixture would complain.
TEST_F(GatherExceptionsTest, ExceptionMarking) {
  const auto body = []() -> Coroutine<std::string> {
    try {
      co_await gather(fail(2ms, "later"), fail(1ms, "first"),
                      fail(1ms, "same time"));
    } catch (const Mistake& mistake) {
      co_return mistake.what();
    }
    co_return "";
  };
  EXPECT_EQ(run(body()), "first");
  f_.run_for(5ms);
}

TEST_F(GatherExceptionsTest, NeverRetrieved) {
  start(fail(0ms, "a task of its own"));
  f_.turn(3);
  EXPECT_EQ(f_.take_errors().size(), 1u);

  const auto body = []() -> Coroutine<> {
    [[maybe_unused]] const auto lost = gather(fail(0ms, "a"), fail(0ms, "b"));
    co_await sleep(1ms);
  };
  run(body());
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "Future exception was never retrieved");
  EXPECT_EQ(text_of(errors[0].exception), "a");
}

// A report names the first awaitable or, of a vector, the call.
TEST_F(GatherExceptionsTest, LocationInReports) {
  const auto made = __LINE__ + 1;
  const auto future = make<int>();
  EXPECT_EQ(gather(future, make<int>()).state().where().repr(), place(made));
  const auto called = __LINE__ + 1;
  EXPECT_EQ(gather(std::vector{future}).state().where().repr(), place(called));
  const auto body = []() -> Coroutine<> {
    const auto function = __LINE__ + 1;
    auto coroutine = []() -> Coroutine<> { co_return; }();
    const auto gathered = gather(std::move(coroutine));
    EXPECT_EQ(gathered.state().where().repr(), place(function));
    co_await gathered;
  };
  run(body());
}

TEST_F(GatherExceptionsTest, ExceptionsOfDoneFutures) {
  const auto a = make<int>(), b = make<int>(), c = make<int>();
  a.set_exception(Mistake("a"));
  b.set_exception(Mistake("b"));
  const auto gathered = gather(a, b, c);
  EXPECT_EQ(text_of(gathered.exception()), "a");
  c.set_exception(Mistake("c"));
}

// As in Python: the CancelledError is an exception, the gather() not cancelled.
TEST_F(GatherExceptionsTest, OneCancellation) {
  const auto a = make<int>(), b = make<int>(), c = make<int>();
  const auto gathered = gather(a, b, c);
  a.set_result(1);
  b.cancel("enough");
  f_.turn();
  EXPECT_TRUE(gathered.done());
  EXPECT_FALSE(gathered.cancelled());
  EXPECT_TRUE(is_cancelled_error(gathered.exception()));
  EXPECT_EQ(cancelled_with([&] { gathered.result(); }), "enough");
  c.set_result(3);
}

TEST_F(GatherExceptionsTest, CopyingAResultThrows) {
  struct Fragile {
    Fragile() = default;
    Fragile(const Fragile&) { throw Mistake("broke"); }
  };
  const auto a = make<Fragile>();
  const auto gathered = gather(a);
  a.state().result.emplace();
  a.state().set_finished();
  f_.turn();
  EXPECT_EQ(text_of(gathered.exception()), "broke");
}

// ---- return_exceptions ----

TEST_F(GatherExceptionsTest, ReturnExceptions) {
  const auto body = []() -> Coroutine<> {
    const auto [a, b, c] = co_await gather(return_exceptions, succeed(3ms, 1),
                                           fail(2ms, "b"), sleep(1ms));
    EXPECT_EQ(a.value(), 1);
    EXPECT_FALSE(b.has_value());
    EXPECT_EQ(text_of(b.exception()), "b");
    EXPECT_TRUE(c.has_value());
  };
  run(body());
  EXPECT_EQ(f_.ms(), 3);
}

TEST_F(GatherExceptionsTest, ReturnExceptionsInAVector) {
  const auto body = []() -> Coroutine<> {
    std::vector<Coroutine<int>> coroutines;
    coroutines.push_back(fail(2ms, "a"));
    coroutines.push_back(succeed(1ms, 2));
    const std::vector<Outcome<int>> outcomes =
        co_await gather(return_exceptions, std::move(coroutines));
    EXPECT_EQ(text_of(outcomes.at(0).exception()), "a");
    EXPECT_EQ(outcomes.at(1).value(), 2);
  };
  run(body());
}

TEST_F(GatherExceptionsTest, ResultExceptionOneCancellation) {
  const auto a = make<int>(), b = make<int>(), c = make<int>(), d = make<int>();
  const auto gathered = gather(return_exceptions, a, b, c, d);
  a.set_result(1);
  b.cancel("enough");
  c.set_exception(Mistake("c"));
  f_.turn();
  EXPECT_FALSE(gathered.done());
  d.set_result(4);
  f_.turn();
  const auto& [ra, rb, rc, rd] = gathered.result();
  EXPECT_EQ(ra.value(), 1);
  EXPECT_TRUE(is_cancelled_error(rb.exception()));
  EXPECT_EQ(cancelled_with([&, &outcome = rb] { outcome.value(); }), "enough");
  EXPECT_EQ(text_of(rc.exception()), "c");
  EXPECT_EQ(rd.value(), 4);
}

TEST_F(GatherExceptionsTest, ReturnExceptionsOfOneThatDiedPending) {
  const auto gathered = gather(return_exceptions, make<int>());
  f_.turn();
  EXPECT_TRUE(is_cancelled_error(std::get<0>(gathered.result()).exception()));
}

}  // namespace
}  // namespace loop

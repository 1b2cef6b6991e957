// ConcurrentFuture: after CPython's test_concurrent_futures/test_future.py.

#include "loop/futures/concurrent_future.h"

#include <gtest/gtest.h>

#include <exception>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/futures/errors.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using IntFuture = ConcurrentFuture<int>;

IntFuture pending() { return IntFuture(); }
IntFuture running() {
  IntFuture future;
  future.set_running_or_notify_cancel();
  return future;
}
IntFuture cancelled() {
  IntFuture future;
  future.cancel("why");
  return future;
}
IntFuture failed() {
  IntFuture future;
  future.set_exception(Mistake("no"));
  return future;
}
IntFuture successful() {
  IntFuture future;
  future.set_result(42);
  return future;
}

TEST(ConcurrentFutureTest, Cancel) {
  EXPECT_TRUE(pending().cancel());
  EXPECT_FALSE(running().cancel());
  EXPECT_TRUE(cancelled().cancel());
  EXPECT_FALSE(failed().cancel());
  EXPECT_FALSE(successful().cancel());
}

TEST(ConcurrentFutureTest, Cancelled) {
  EXPECT_FALSE(pending().cancelled());
  EXPECT_FALSE(running().cancelled());
  EXPECT_TRUE(cancelled().cancelled());
  EXPECT_FALSE(failed().cancelled());
  EXPECT_FALSE(successful().cancelled());
}

TEST(ConcurrentFutureTest, Done) {
  EXPECT_FALSE(pending().done());
  EXPECT_FALSE(running().done());
  EXPECT_TRUE(cancelled().done());
  EXPECT_TRUE(failed().done());
  EXPECT_TRUE(successful().done());
}

TEST(ConcurrentFutureTest, Running) {
  EXPECT_FALSE(pending().running());
  EXPECT_TRUE(running().running());
  EXPECT_FALSE(cancelled().running());
  EXPECT_FALSE(failed().running());
  EXPECT_FALSE(successful().running());
}

TEST(ConcurrentFutureTest, ResultWithTimeout) {
  EXPECT_THROW(pending().result(0s), TimeoutError);
  EXPECT_THROW(running().result(0s), TimeoutError);
  EXPECT_EQ(cancelled_with([] { cancelled().result(0s); }), "why");
  EXPECT_THROW(failed().result(0s), Mistake);
  EXPECT_EQ(successful().result(0s), 42);
  EXPECT_EQ(successful().result(std::chrono::nanoseconds::max()), 42);
}

TEST(ConcurrentFutureTest, ExceptionWithTimeout) {
  EXPECT_THROW(pending().exception(0s), TimeoutError);
  EXPECT_THROW(running().exception(0s), TimeoutError);
  EXPECT_EQ(cancelled_with([] { cancelled().exception(0s); }), "why");
  EXPECT_NE(failed().exception(0s), nullptr);
  EXPECT_EQ(successful().exception(0s), nullptr);
}

TEST(ConcurrentFutureTest, ResultWithSuccess) {
  const IntFuture future;
  std::thread thread([future] { future.set_result(42); });
  EXPECT_EQ(future.result(kGenerous), 42);
  thread.join();
}

TEST(ConcurrentFutureTest, ResultWithCancel) {
  const IntFuture future;
  std::thread thread([future] { future.cancel("why"); });
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "why");
  thread.join();
}

TEST(ConcurrentFutureTest, MultipleSetResult) {
  EXPECT_THROW(successful().set_result(1), InvalidStateError);
  EXPECT_THROW(failed().set_result(1), InvalidStateError);
  EXPECT_THROW(successful().set_exception(Mistake("")), InvalidStateError);
  EXPECT_THROW(running().set_running_or_notify_cancel(), InvalidStateError);
  EXPECT_THROW(successful().set_running_or_notify_cancel(), InvalidStateError);
  EXPECT_THROW(pending().set_exception(std::exception_ptr()), ValueError);
}

// Differs from Python: the thread that has the result cannot know.
TEST(ConcurrentFutureTest, WhatIsCancelledIsGivenNothing) {
  EXPECT_FALSE(cancelled().set_running_or_notify_cancel());
  EXPECT_FALSE(cancelled().set_result(1));
  EXPECT_FALSE(cancelled().set_exception(Mistake("")));
  EXPECT_TRUE(running().set_result(1));
}

// As with Future: the exception that is being handled, not a copy of its base.
TEST(ConcurrentFutureTest, SetExceptionKeepsTheDerivedClass) {
  const IntFuture future;
  try {
    throw Mistake("the reason");
  } catch (const std::exception& error) {
    future.set_exception(error);
  }
  EXPECT_THROW(future.result(), Mistake);
  const Mistake elsewhere("");
  const std::exception& base = elsewhere;
  EXPECT_THROW(pending().set_exception(base), ValueError);
}

TEST(ConcurrentFutureTest, DoneCallbacks) {
  std::vector<std::string> journal;
  const auto add = [&](const IntFuture& future, const std::string& text) {
    future.add_done_callback([&journal, text](const IntFuture& done) {
      journal.push_back(text + (done.cancelled() ? " cancelled" : ""));
    });
    future.add_done_callback([&journal] { journal.push_back("second"); });
  };
  const IntFuture result, exception, cancel;
  add(result, "result");
  add(exception, "exception");
  add(cancel, "cancel");
  EXPECT_TRUE(journal.empty());
  result.set_result(1);
  exception.set_exception(Mistake(""));
  cancel.cancel();
  cancel.cancel();
  EXPECT_EQ(journal,
            (std::vector<std::string>{"result", "second", "exception", "second",
                                      "cancel cancelled", "second"}));
  add(result, "at once");
  EXPECT_EQ(journal.size(), 8u);
}

TEST(ConcurrentFutureTest, DoneCallbackRaises) {
  bool called = false;
  const IntFuture future;
  future.add_done_callback([] { throw Mistake("the reason"); });
  future.add_done_callback([&] { called = true; });
  testing::internal::CaptureStderr();
  future.set_result(1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "loop: Exception in a done callback of a ConcurrentFuture: "
            "the reason\n");
  EXPECT_TRUE(called);
}

// A callback may call back, also as it is moved, and take the last handle.
TEST(ConcurrentFutureTest, CallbacksCallBack) {
  auto future = std::make_unique<IntFuture>();
  int called = 0;
  struct AddsAsItMoves {
    AddsAsItMoves(const IntFuture& f, int& c) : future(f), called(c) {}
    AddsAsItMoves(AddsAsItMoves&& other) noexcept
        : future(other.future), called(other.called) {
      future.add_done_callback([&called = called] { ++called; });
    }
    IntFuture future;
    int& called;
  };
  future->add_done_callback([adds = AddsAsItMoves(*future, called)] {});
  future->add_done_callback([&] {
    future->add_done_callback([&] { ++called; });
    future.reset();
  });
  future->set_result(1);
  EXPECT_GE(called, 2);
}

TEST(ConcurrentFutureTest, AChainOf100000IsDestroyed) {
  Counted::alive = 0;
  {
    const IntFuture first;
    IntFuture last = first;
    for (int i = 0; i < 100'000; ++i) {
      const IntFuture next;
      last.add_done_callback([next, counted = Counted()] {});
      last = next;
    }
  }
  EXPECT_EQ(Counted::alive, 0);
}

// The thread that makes a result may ask about the future meanwhile.
TEST(ConcurrentFutureTest, AResultCallsBackAsItIsMade) {
  const ConcurrentFuture<std::string> future;
  struct Asks {
    const ConcurrentFuture<std::string>& future;
    operator std::string() const {
      EXPECT_FALSE(future.done());
      EXPECT_FALSE(future.cancel());
      EXPECT_THROW(future.set_result("other"), InvalidStateError);
      return "text";
    }
  };
  future.set_result(Asks{future});
  EXPECT_EQ(future.result(), "text");
}

TEST(ConcurrentFutureTest, AResultThatCannotBeMadeChangesNothing) {
  const ConcurrentFuture<std::string> future;
  struct Throws {
    operator std::string() const { throw Mistake("no"); }
  };
  EXPECT_THROW(future.set_result(Throws()), Mistake);
  EXPECT_FALSE(future.done());
  EXPECT_TRUE(future.cancel());
}

TEST(ConcurrentFutureTest, ATemporaryTakesTheResultOut) {
  const ConcurrentFuture<std::unique_ptr<int>> future;
  future.set_result(std::make_unique<int>(7));
  EXPECT_EQ(*future.result(), 7);
  auto copy = future;
  EXPECT_EQ(copy, future);
  EXPECT_EQ(*std::move(copy).result(), 7);
  EXPECT_THROW(future.result(), InvalidStateError);
}

TEST(ConcurrentFutureTest, AsAStdFuture) {
  ConcurrentFuture<std::unique_ptr<int>> source;
  const auto giver = source;
  std::future<std::unique_ptr<int>> future = std::move(source);
  giver.set_result(std::make_unique<int>(7));
  EXPECT_EQ(*future.get(), 7);
  std::future<int> other = cancelled();
  EXPECT_EQ(cancelled_with([&] { other.get(); }), "why");
}

// Neither loses anything: one thread wins.
TEST(ConcurrentFutureTest, CancelAndResultRace) {
  for (int i = 0; i < 200; ++i) {
    const IntFuture future;
    int told = 0;
    future.add_done_callback([&] { ++told; });
    bool given = false;
    std::thread thread([&] { given = future.set_result(1); });
    const bool cancelled = future.cancel();
    thread.join();
    EXPECT_NE(cancelled, given);
    EXPECT_EQ(told, 1);
  }
}

}  // namespace
}  // namespace loop

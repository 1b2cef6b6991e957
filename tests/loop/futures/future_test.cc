// The states of a future, and what each function does in each of them.

#include "loop/futures/future.h"

#include <gtest/gtest.h>

#include <concepts>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/futures/errors.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

TEST_F(FutureTest, InitialState) {
  const auto future = make<int>();
  EXPECT_FALSE(future.cancelled());
  EXPECT_FALSE(future.done());
  EXPECT_THROW(future.result(), InvalidStateError);
  EXPECT_THROW(future.exception(), InvalidStateError);
  future.cancel();
  EXPECT_TRUE(future.cancelled());
  EXPECT_TRUE(future.done());
}

TEST_F(FutureTest, GetLoop) {
  EXPECT_EQ(&make<int>().get_loop(), &f_.loop);
  EXPECT_EQ(&Future<int>(f_.loop).get_loop(), &f_.loop);
}

// An event loop is not taken for a future.
static_assert(!std::is_convertible_v<EventLoop&, Future<int>>);
static_assert(std::is_constructible_v<Future<int>, EventLoop&>);

// ---- Results ----

TEST_F(FutureTest, Result) {
  const auto future = make<int>();
  future.set_result(42);
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(future.exception(), nullptr);
}

TEST_F(FutureTest, ResultOfAnotherType) {
  const auto future = make<std::string>();
  future.set_result("text");
  EXPECT_EQ(future.result(), "text");
}

TEST_F(FutureTest, ResultStaysInTheFuture) {
  const auto future = make<std::string>();
  future.set_result("text");
  future.result() += "s";
  EXPECT_EQ(future.result(), "texts");
}

TEST_F(FutureTest, VoidResult) {
  static_assert(std::is_void_v<decltype(make<void>().result())>);
  const auto future = make<void>();
  EXPECT_THROW(future.result(), InvalidStateError);
  future.set_result();
  EXPECT_TRUE(future.done());
  future.result();
  EXPECT_EQ(future.exception(), nullptr);
}

TEST_F(FutureTest, MoveOnlyResult) {
  const auto future = make<std::unique_ptr<int>>();
  future.set_result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(future.result());
  EXPECT_EQ(*taken, 7);
  EXPECT_EQ(future.result(), nullptr);
}

// It is pending as before.
TEST_F(FutureTest, ResultThatCannotBeMade) {
  struct Refuses {
    explicit Refuses(int) { throw Mistake("not today"); }
  };
  const auto future = make<Refuses>();
  EXPECT_THROW(future.set_result(1), Mistake);
  EXPECT_FALSE(future.done());
  EXPECT_TRUE(future.cancel());
}

TEST_F(FutureTest, CancelledWhileItsResultIsMade) {
  const auto future = make<std::string>();
  struct Cancels {
    operator std::string() const {
      EXPECT_TRUE(future.cancel());
      return "text";
    }
    const Future<std::string>& future;
  };
  EXPECT_THROW(future.set_result(Cancels{future}), InvalidStateError);
  EXPECT_TRUE(future.cancelled());
}

TEST_F(FutureTest, SetWhileItsResultIsMade) {
  const auto future = make<std::string>();
  struct Sets {
    operator std::string() const {
      EXPECT_THROW(future.set_result("inner"), InvalidStateError);
      EXPECT_THROW(future.set_exception(3), InvalidStateError);
      return "outer";
    }
    const Future<std::string>& future;
  };
  future.set_result(Sets{future});
  EXPECT_EQ(future.result(), "outer");
}

TEST_F(FutureTest, OfVoidByDefault) {
  const Future<> future = create_future(f_.loop);
  future.set_result();
  EXPECT_TRUE((std::same_as<decltype(future), const Future<void>>));
  EXPECT_TRUE(future.done());
}

// ---- Exceptions ----

TEST_F(FutureTest, Exception) {
  const auto future = make<int>();
  future.set_exception(Mistake("too late"));
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_THROW(future.result(), Mistake);
  EXPECT_THROW(future.result(), Mistake);
  EXPECT_EQ(text_of(future.exception()), "too late");
}

TEST_F(FutureTest, ExceptionAsPointer) {
  const auto exception = std::make_exception_ptr(Mistake("too late"));
  const auto future = make<void>();
  future.set_exception(exception);
  EXPECT_EQ(future.exception(), exception);
  EXPECT_THROW(future.result(), Mistake);
}

TEST_F(FutureTest, ExceptionOfAnyType) {
  const auto future = make<int>();
  future.set_exception(3);
  EXPECT_THROW(future.result(), int);
}

// What a handler hands on is the exception itself, whatever it was caught as.
TEST_F(FutureTest, ExceptionThatWasCaughtAsItsBase) {
  struct Abstract {
    virtual ~Abstract() = default;
    virtual int number() const = 0;
  };
  struct Concrete final : Abstract {
    int number() const override { return 7; }
  };
  const auto first = make<int>(), second = make<int>(), third = make<int>();
  try {
    throw Mistake("disk full");
  } catch (const std::exception& error) {
    first.set_exception(error);
  }
  EXPECT_THROW(first.result(), Mistake);
  EXPECT_EQ(text_of(first.exception()), "disk full");
  try {
    throw Mistake("disk full");
  } catch (std::runtime_error& error) {
    second.set_exception(error);
  }
  EXPECT_THROW(second.result(), Mistake);
  try {
    throw Concrete();
  } catch (const Abstract& error) {
    third.set_exception(error);
  }
  EXPECT_THROW(third.result(), Concrete);
}

TEST_F(FutureTest, ExceptionThatWouldBeSliced) {
  const auto future = make<int>();
  const Mistake mistake("not thrown");
  const std::exception& base = mistake;
  EXPECT_THROW(future.set_exception(base), ValueError);
  try {
    throw Mistake("another");
  } catch (const std::exception&) {
    EXPECT_THROW(future.set_exception(base), ValueError);
  }
  EXPECT_FALSE(future.done());
  future.set_exception(mistake);
  EXPECT_EQ(text_of(future.exception()), "not thrown");
}

TEST_F(FutureTest, NoException) {
  const auto future = make<int>();
  EXPECT_THROW(future.set_exception(std::exception_ptr()), ValueError);
  EXPECT_FALSE(future.done());
}

// As in Python, a future that was given one is not cancelled.
TEST_F(FutureTest, CancelledErrorAsException) {
  const auto future = make<int>();
  future.set_exception(CancelledError("of another"));
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "of another");
}

// ---- Cancelling ----

TEST_F(FutureTest, Cancel) {
  const auto future = make<int>();
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_TRUE(future.done());
  EXPECT_THROW(future.result(), CancelledError);
  EXPECT_THROW(future.exception(), CancelledError);
  EXPECT_THROW(future.set_result(1), InvalidStateError);
  EXPECT_THROW(future.set_exception(Mistake("")), InvalidStateError);
  EXPECT_FALSE(future.cancel());
}

TEST_F(FutureTest, CancelMessage) {
  const auto future = make<int>();
  future.cancel("my message");
  future.cancel("another");
  EXPECT_EQ(cancelled_with([&] { future.result(); }), "my message");
  EXPECT_EQ(cancelled_with([&] { future.exception(); }), "my message");
  const auto without = make<int>();
  without.cancel();
  EXPECT_EQ(cancelled_with([&] { without.result(); }), "");
}

// Who catches errors must not swallow it.
TEST(CancelledErrorTest, IsNoStdException) {
  static_assert(!std::is_base_of_v<std::exception, CancelledError>);
  EXPECT_STREQ(CancelledError().what(), "");
  EXPECT_STREQ(CancelledError("why").what(), "why");
}

// ---- A future that is done stays as it is (R109) ----

TEST_F(FutureTest, R109_SetOnOneWithAResult) {
  const auto future = make<int>();
  future.set_result(1);
  EXPECT_THROW(future.set_result(2), InvalidStateError);
  EXPECT_THROW(future.set_exception(Mistake("")), InvalidStateError);
  EXPECT_FALSE(future.cancel());
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(future.result(), 1);
}

TEST_F(FutureTest, R109_SetOnOneWithAnException) {
  const auto future = make<int>();
  future.set_exception(Mistake("the first"));
  EXPECT_THROW(future.set_result(2), InvalidStateError);
  EXPECT_THROW(future.set_exception(Mistake("the second")), InvalidStateError);
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(text_of(future.exception()), "the first");
}

TEST_F(FutureTest, R109_InvalidStateErrorSaysWhat) {
  const auto future = make<int>();
  const auto text = [](auto function) -> std::string {
    try {
      function();
    } catch (const RuntimeError& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(text([&] { future.result(); }), "Result is not ready.");
  EXPECT_EQ(text([&] { future.exception(); }), "Exception is not set.");
  future.cancel();
  EXPECT_TRUE(contains(text([&] { future.set_result(1); }), "set_result"));
}

// ---- Identity ----

TEST_F(FutureTest, Equality) {
  const auto a = make<int>();
  const auto b = make<int>();
  const auto copy = a;
  EXPECT_EQ(a, copy);
  EXPECT_NE(a, b);
  copy.set_result(5);
  EXPECT_EQ(a.result(), 5);
  b.set_result(5);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace loop

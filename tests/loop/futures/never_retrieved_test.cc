// An exception that nobody asks for is told to somebody, once.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "selectors/poll_selector.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

using NeverRetrieved = FutureTest;

TEST_F(NeverRetrieved, R108_ReportedOnceWithItsPlace) {
  const unsigned line = __LINE__ + 1;
  auto future = std::make_optional(create_future<int>(f_.loop));
  auto copy = future;
  future->set_exception(Mistake("the reason"));
  future.reset();
  f_.turn();
  EXPECT_TRUE(f_.take_errors().empty());
  copy.reset();
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "Future exception was never retrieved");
  EXPECT_EQ(text_of(errors[0].exception), "the reason");
  EXPECT_EQ(errors[0].where.repr(), place(line));
  f_.turn();  // No second report: it would fail the test.
}

// The callbacks were told, but did not ask.
TEST_F(NeverRetrieved, R108_CallbacksThatDoNotAsk) {
  {
    const auto future = make<int>();
    future.add_done_callback([](const Future<int>& self) { self.done(); });
    future.set_exception(Mistake("the reason"));
  }
  EXPECT_TRUE(f_.take_errors().empty());  // The loop has a handle yet.
  f_.turn();
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

// What is reported otherwise fails the test at its end.

TEST_F(NeverRetrieved, NotOfAPendingOne) { make<int>(); }

TEST_F(NeverRetrieved, NotOfAResult) { make<int>().set_result(1); }

TEST_F(NeverRetrieved, NotOfACancelledOne) {
  const auto future = make<int>();
  future.cancel();
  EXPECT_THROW(future.set_exception(Mistake("too late")), InvalidStateError);
}

// As in Python: who cancels does not care any more.
TEST_F(NeverRetrieved, NotIfItIsCancelledAfterwards) {
  const auto future = make<int>();
  future.set_exception(Mistake("the reason"));
  EXPECT_FALSE(future.cancel());
}

TEST_F(NeverRetrieved, NotIfExceptionWasCalled) {
  const auto future = make<int>();
  future.set_exception(Mistake("the reason"));
  EXPECT_NE(future.exception(), nullptr);
}

TEST_F(NeverRetrieved, NotIfResultWasCalled) {
  const auto future = make<int>();
  future.set_exception(Mistake("the reason"));
  EXPECT_THROW(future.result(), Mistake);
}

TEST_F(NeverRetrieved, R108_TheHandlerMayUseFutures) {
  std::string texts;
  f_.loop.set_exception_handler(
      [&](EventLoop& loop, const ExceptionContext& context) {
        texts += text_of(context.exception) + ";";
        if (texts.size() < 10) {
          create_future<int>(loop).set_exception(Mistake("inner"));
        }
      });
  make<int>().set_exception(Mistake("outer"));
  EXPECT_EQ(texts, "outer;inner;");
}

// ---- When the loop is no more ----

TEST(NeverRetrievedByAClosedLoop, R108_ToldToTheDefaultHandler) {
  FakeTimeLoop f(std::make_unique<selectors::PollSelector>());
  const unsigned line = __LINE__ + 1;
  auto future = std::make_optional(create_future<int>(f.loop));
  future->set_exception(Mistake("the reason"));
  f.loop.close();
  CaptureStderr();
  future.reset();
  const std::string text = GetCapturedStderr();
  EXPECT_TRUE(contains(text, "Future exception was never retrieved")) << text;
  EXPECT_TRUE(contains(text, place(line))) << text;
  EXPECT_TRUE(contains(text, "the reason")) << text;
}

TEST(NeverRetrievedByADestroyedLoop, R108_ToldToTheDefaultHandler) {
  auto loop = std::make_unique<EventLoop>();
  auto future = std::make_optional(create_future<int>(*loop));
  future->set_exception(Mistake("the reason"));
  loop.reset();
  CaptureStderr();
  future.reset();
  EXPECT_TRUE(contains(GetCapturedStderr(), "the reason"));
}

}  // namespace
}  // namespace loop

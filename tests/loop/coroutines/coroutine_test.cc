// Coroutine: calling, awaiting and returning.

#include "loop/coroutines/coroutine.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

Coroutine<int> add(int a, int b) { co_return a + b; }

Coroutine<int> add_later(int a, int b) {
  co_await sleep(10ms);
  co_return a + b;
}

Coroutine<> fail(std::string what) {
  co_await sleep(0ms);
  throw Mistake(what);
}

TEST_F(CoroutineTest, ReturnsAValue) {
  EXPECT_EQ(run(add(1, 2)), 3);
  EXPECT_EQ(run(add_later(1, 2)), 3);
  EXPECT_EQ(f_.ms(), 10);
}

TEST_F(CoroutineTest, AwaitsAnother) {
  const auto sum = [](int a, int b, int c) -> Coroutine<int> {
    const int ab = co_await add(a, b);
    co_return co_await add_later(ab, c);
  };
  EXPECT_EQ(run(sum(1, 2, 3)), 6);
}

TEST_F(CoroutineTest, LazyUntilAwaited) {
  bool started = false;
  const auto set = [](bool& flag) -> Coroutine<> {
    flag = true;
    co_return;
  };
  auto coroutine = set(started);
  EXPECT_FALSE(started);
  run(std::move(coroutine));
  EXPECT_TRUE(started);
}

TEST_F(CoroutineTest, MoveOnlyResult) {
  const auto make = []() -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  const auto pass = [&]() -> Coroutine<int> { co_return *co_await make(); };
  EXPECT_EQ(run(pass()), 7);
}

// Code that only stores coroutines need not know the type of their results.
struct NotKnownYet;
static_assert(sizeof(Coroutine<NotKnownYet>) > 0);

TEST_F(CoroutineTest, BracedResult) {
  const auto make = []() -> Coroutine<std::pair<int, int>> {
    co_return {1, 2};
  };
  EXPECT_EQ(run(make()), std::pair(1, 2));
}

TEST_F(CoroutineTest, ExceptionReachesTheCaller) {
  const auto caught = []() -> Coroutine<std::string> {
    try {
      co_await fail("too late");
    } catch (const Mistake& mistake) {
      co_return mistake.what();
    }
    co_return "nothing";
  };
  EXPECT_EQ(run(caught()), "too late");
  EXPECT_THROW(run(fail("again")), Mistake);
}

TEST_F(CoroutineTest, AwaitedTwice) {
  const auto twice = []() -> Coroutine<int> {
    auto coroutine = add(1, 2);
    const int sum = co_await coroutine;
    EXPECT_THROW(co_await coroutine, RuntimeError);
    co_return sum;
  };
  EXPECT_EQ(run(twice()), 3);
}

TEST_F(CoroutineTest, ArgumentsDieWithIt) {
  const auto keep = [](Counted) -> Coroutine<> { co_await sleep(1ms); };
  const auto call = [&]() -> Coroutine<int> {
    co_await keep(Counted());
    co_return Counted::alive;
  };
  EXPECT_EQ(run(call()), 0);
}

// ---- One that nobody awaits says so ----

TEST_F(CoroutineTest, NeverAwaited) {
  ::testing::internal::CaptureStderr();
  { [[maybe_unused]] const auto coroutine = add(1, 2); }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("loop: coroutine 'add' ("), 0u) << text;
  EXPECT_TRUE(contains(text, "coroutine_test.cc:")) << text;
  EXPECT_TRUE(contains(text, ") was never awaited\n")) << text;
}

TEST_F(CoroutineTest, NeverAwaitedBeforeItWasReplaced) {
  ::testing::internal::CaptureStderr();
  auto coroutine = add(1, 2);
  coroutine = add(3, 4);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(text, ") was never awaited\n")) << text;
  EXPECT_EQ(run(std::move(coroutine)), 7);
}

TEST_F(CoroutineTest, AwaitedOneSaysNothing) {
  ::testing::internal::CaptureStderr();
  run(add(1, 2));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// ---- Both traps of compilers: no stack is used up ----

TEST_F(CoroutineTest, R102_AMillionAwaitsThatCompleteAtOnce) {
  const auto sum = []() -> Coroutine<long> {
    long result = 0;
    for (int i = 0; i < 1'000'000; ++i) result += co_await add(i, 1);
    co_return result;
  };
  EXPECT_EQ(run(sum()), 500'000'500'000);
}

Coroutine<int> chain(int length) {
  const Counted counted;
  if (length == 0) {
    co_await sleep(1ms);
    co_return 0;
  }
  co_return 1 + co_await chain(length - 1);
}

TEST_F(CoroutineTest, ALongChainIsResumed) {
  EXPECT_EQ(run(chain(100'000)), 100'000);
}

TEST_F(CoroutineTest, ALongChainIsCancelled) {
  const auto task = start(chain(10'000));
  f_.turn();
  EXPECT_EQ(Counted::alive, 10'001);
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, ALongChainIsDestroyed) {
  start(chain(100'000));
  f_.turn();
  EXPECT_EQ(Counted::alive, 100'001);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

// Objects in the frame of a callee may refer to objects in its caller's.
TEST_F(CoroutineTest, TheInnermostIsDestroyedFirst) {
  Journal journal;
  const auto nest = [&journal](auto self, int depth) -> Coroutine<> {
    const auto noted = at_destruction(note(journal, std::to_string(depth)));
    if (depth == 3) {
      co_await sleep(1h);
    } else {
      co_await self(self, depth + 1);
    }
  };
  start(nest(nest, 1));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(journal, (Journal{"3", "2", "1"}));
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

}  // namespace
}  // namespace loop

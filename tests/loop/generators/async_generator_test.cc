// AsyncGenerator: generators whose bodies wait.

#include "loop/generators/async_generator.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

AsyncGenerator<int> count_to(int n, std::chrono::nanoseconds delay = 1ms) {
  const Counted counted;
  for (int i = 1; i <= n; ++i) {
    if (delay > 0s) co_await sleep(delay);
    co_yield i;
  }
}

Coroutine<std::vector<int>> list(AsyncGenerator<int> generator) {
  std::vector<int> values;
  while (const auto value = co_await generator.next()) {
    values.push_back(*value);
  }
  EXPECT_EQ(co_await generator.next(), std::nullopt);
  co_return values;
}

class AsyncGeneratorTest : public CoroutineTest {};

TEST_F(AsyncGeneratorTest, YieldsWhatItHasWaitedFor) {
  EXPECT_EQ(run(list(count_to(3))), (std::vector{1, 2, 3}));
  EXPECT_EQ(f_.ms(), 3);
}

TEST_F(AsyncGeneratorTest, NeedNotWait) {
  EXPECT_EQ(run(list(count_to(3, 0s))), (std::vector{1, 2, 3}));
  EXPECT_EQ(run(list(count_to(0))), std::vector<int>());
}

TEST_F(AsyncGeneratorTest, LazyUntilAsked) {
  const auto generator = count_to(3);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(AsyncGeneratorTest, ValueThatCannotBeCopied) {
  const auto generate = []() -> AsyncGenerator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(7);
  };
  const auto work = [&]() -> Coroutine<int> {
    auto generator = generate();
    co_return **co_await generator.next();
  };
  EXPECT_EQ(run(work()), 7);
}

TEST_F(AsyncGeneratorTest, ExceptionEndsIt) {
  const auto generate = []() -> AsyncGenerator<int> {
    co_yield 1;
    throw Mistake("too late");
  };
  const auto work = [&]() -> Coroutine<> {
    auto generator = generate();
    EXPECT_EQ(co_await generator.next(), 1);
    EXPECT_THROW(co_await generator.next(), Mistake);
    EXPECT_EQ(co_await generator.next(), std::nullopt);
  };
  run(work());
}

TEST_F(AsyncGeneratorTest, CancelledWhileItWaits) {
  const auto task = start(list(count_to(3, 1h)));
  f_.turn();
  task.cancel("enough");
  f_.turn();
  EXPECT_EQ(cancelled_with([&] { task.result(); }), "enough");
}

TEST_F(AsyncGeneratorTest, TwoGeneratorsInTurn) {
  const auto work = []() -> Coroutine<int> {
    auto a = count_to(3);
    auto b = count_to(2);
    int sum = 0;
    for (int i = 0; i < 3; ++i) {
      sum += 10 * (co_await a.next()).value_or(0);
      sum += (co_await b.next()).value_or(0);
    }
    co_return sum;
  };
  EXPECT_EQ(run(work()), 63);
}

TEST_F(AsyncGeneratorTest, GeneratorThatUsesAnother) {
  const auto doubled = [](AsyncGenerator<int> inner) -> AsyncGenerator<int> {
    while (const auto value = co_await inner.next()) co_yield 2 * *value;
  };
  EXPECT_EQ(run(list(doubled(doubled(count_to(2))))), (std::vector{4, 8}));
}

TEST_F(AsyncGeneratorTest, AMillionValuesThatAreThereAtOnce) {
  const auto work = []() -> Coroutine<long> {
    auto generator = count_to(1'000'000, 0s);
    long sum = 0;
    while (const auto value = co_await generator.next()) sum += *value;
    co_return sum;
  };
  EXPECT_EQ(run(work()), 500'000'500'000);
}

// Two tasks, one after the other, may share one; not at the same time.
TEST_F(AsyncGeneratorTest, AlreadyRunning) {
  auto generator = count_to(2);
  const auto work = [&]() -> Coroutine<std::optional<int>> {
    co_return co_await generator.next();
  };
  const auto a = start(work());
  const auto b = start(work());
  f_.turn();
  EXPECT_EQ(text_of(b.exception()),
            "next(): asynchronous generator is already running");
  EXPECT_EQ(run_until_complete(a), 1);
  EXPECT_EQ(run(work()), 2);
}

// ---- Who destroys it destroys what is in its frame ----

TEST_F(AsyncGeneratorTest, DestroyedWhereItYielded) {
  const auto work = []() -> Coroutine<> {
    {
      auto generator = count_to(3);
      co_await generator.next();
      EXPECT_EQ(Counted::alive, 1);
    }
    EXPECT_EQ(Counted::alive, 0);
  };
  run(work());
}

TEST_F(AsyncGeneratorTest, LoopClosedWhileItWaits) {
  start(list(count_to(3)));
  f_.turn();
  EXPECT_EQ(Counted::alive, 1);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

TEST_F(AsyncGeneratorTest, OutlivesALoopThatClosedWhileItRan) {
  auto generator = count_to(3);
  const auto ask = [](AsyncGenerator<int>& asked) -> Coroutine<> {
    co_await asked.next();
  };
  start(ask(generator));
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 1u);
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto task = create_task(other.loop, list(std::move(generator)));
  EXPECT_EQ(run_until_complete(task), std::vector<int>());
}

TEST_F(AsyncGeneratorTest, LoopClosedWhileItsUserWaits) {
  const auto work = []() -> Coroutine<> {
    auto generator = count_to(3);
    co_await generator.next();
    co_await sleep(1h);
  };
  start(work());
  f_.run_for(2ms);
  EXPECT_EQ(Counted::alive, 1);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

}  // namespace
}  // namespace loop

// Destroying objects that own one another, however deep: the stack does not
// grow with the depth, and nothing is left.

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/generators/async_generator.h"
#include "loop/generators/generator.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/coroutines/stack_probe.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

constexpr int kDeepChain = 20'000;

class ChainsEndTest : public CoroutineTest {
 protected:
  ~ChainsEndTest() override {
    EXPECT_GT(probe_.used(), 0u) << "nothing has been destroyed";
    EXPECT_LT(probe_.used(), kStackForChains);
  }

  StackProbe probe_;
};

// ---- Coroutines that have not begun, as arguments ----

Coroutine<> bottom(NotesItsEnd) { co_await sleep(0s); }
Coroutine<> wrap(Coroutine<> inner, NotesItsEnd) {
  const Counted counted;
  co_await std::move(inner);
}

class NestedArguments : public ChainsEndTest {
 protected:
  NestedArguments() {
    for (int i = 0; i < kDeepChain; ++i) {
      outer_ = std::make_unique<Coroutine<>>(
          wrap(std::move(*outer_), NotesItsEnd(probe_)));
    }
    ::testing::internal::CaptureStderr();  // "was never awaited"
  }
  ~NestedArguments() override {
    outer_.reset();
    ::testing::internal::GetCapturedStderr();
  }

  std::unique_ptr<Coroutine<>> outer_ =
      std::make_unique<Coroutine<>>(bottom(NotesItsEnd(probe_)));
};

TEST_F(NestedArguments, AreDropped) { outer_.reset(); }

TEST_F(NestedArguments, AreReplaced) { *outer_ = bottom(NotesItsEnd(probe_)); }

TEST_F(NestedArguments, OfATaskThatIsCancelledBeforeItBegins) {
  const auto task = start(std::move(*outer_));
  task.cancel();
  f_.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(NestedArguments, OfATaskWhoseLoopCloses) {
  start(std::move(*outer_));
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 1u);
}

TEST_F(NestedArguments, WhereTheOuterHalfHasBegun) {
  const auto hold = [](Coroutine<> inner) -> Coroutine<> {
    co_await sleep(1h);
    co_await std::move(inner);
  };
  const auto task = start(hold(std::move(*outer_)));
  f_.turn();
  task.cancel();
  f_.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(NestedArguments, Run) { run(std::move(*outer_)); }

// ---- Generators ----

Generator<int> one(NotesItsEnd) { co_yield 1; }
Generator<int> all_of(Generator<int> inner, NotesItsEnd) {
  const Counted counted;
  co_yield 0;
  for (const int n : inner) co_yield n;
}

TEST_F(ChainsEndTest, GeneratorsThatHaveNotBegun) {
  auto generator = one(NotesItsEnd(probe_));
  for (int i = 0; i < kDeepChain; ++i) {
    generator = all_of(std::move(generator), NotesItsEnd(probe_));
  }
}

TEST_F(ChainsEndTest, GeneratorsThatHaveBegun) {
  auto generator = one(NotesItsEnd(probe_));
  for (int i = 0; i < kDeepChain; ++i) {
    generator = all_of(std::move(generator), NotesItsEnd(probe_));
    generator.next();
  }
}

AsyncGenerator<int> async_one(NotesItsEnd) { co_yield 1; }
AsyncGenerator<int> async_all_of(AsyncGenerator<int> inner, NotesItsEnd) {
  const Counted counted;
  while (const auto n = co_await inner.next()) co_yield *n;
}

TEST_F(ChainsEndTest, AsyncGeneratorsThatHaveNotBegun) {
  auto generator = async_one(NotesItsEnd(probe_));
  for (int i = 0; i < kDeepChain; ++i) {
    generator = async_all_of(std::move(generator), NotesItsEnd(probe_));
  }
}

TEST_F(ChainsEndTest, AsyncGeneratorsThatHaveBegun) {
  auto generator =
      std::make_unique<AsyncGenerator<int>>(async_one(NotesItsEnd(probe_)));
  for (int i = 0; i < kDeepChain; ++i) {
    generator = std::make_unique<AsyncGenerator<int>>(
        async_all_of(std::move(*generator), NotesItsEnd(probe_)));
  }
  const auto ask = [&]() -> Coroutine<int> {
    const auto n = co_await generator->next();
    co_return *n;
  };
  EXPECT_EQ(run(ask()), 1);
  EXPECT_EQ(Counted::alive, kDeepChain);
  generator.reset();
}

// ---- Futures ----

TEST_F(ChainsEndTest, FuturesWhoseCallbacksHoldFutures) {
  Future<void> last = make<void>();
  for (int i = 0; i < kDeepChain; ++i) {
    const Future<void> next = make<void>();
    next.add_done_callback([last, end = NotesItsEnd(probe_)] {});
    last = next;
  }
}

struct Linked {
  std::shared_ptr<Future<Linked>> next;
  NotesItsEnd end;
};

TEST_F(ChainsEndTest, FuturesWhoseResultsHoldFutures) {
  Future<Linked> last = make<Linked>();
  for (int i = 0; i < kDeepChain; ++i) {
    const Future<Linked> next = make<Linked>();
    next.set_result(
        Linked{std::make_shared<Future<Linked>>(last), NotesItsEnd(probe_)});
    last = next;
  }
}

TEST_F(ChainsEndTest, ShieldsOfOneAnotherWhoseFutureDies) {
  auto future = std::make_unique<Future<void>>(f_.loop);
  Future<void> last = *future;
  for (int i = 0; i < kDeepChain; ++i) last = shield(last);
  last.add_done_callback([this] { probe_.note(); });
  future.reset();
  while (!last.done()) f_.turn();
  f_.turn();
  EXPECT_TRUE(last.cancelled());
}

TEST_F(ChainsEndTest, TasksThatAwaitOneAnotherWhoseLoopCloses) {
  const auto hold = [](Future<void> inner, NotesItsEnd) -> Coroutine<> {
    co_await inner;
  };
  Future<void> last = make<void>();
  for (int i = 0; i < kDeepChain; ++i) {
    last = start(hold(last, NotesItsEnd(probe_)));
  }
  f_.turn();
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), static_cast<std::size_t>(kDeepChain));
}

// ---- Exceptions ----

struct NotedMistake : Mistake {
  explicit NotedMistake(StackProbe& probe) : Mistake("deep"), end(probe) {}
  NotesItsEnd end;
};

// Their texts do not grow with the depth, either.
TEST_F(ChainsEndTest, GroupsWithinGroups) {
  auto exception = std::make_exception_ptr(NotedMistake(probe_));
  for (int i = 0; i < kDeepChain; ++i) {
    const ExceptionGroup group("errors", {std::move(exception)});
    ASSERT_LT(std::string(group.what()).size(), 1000u);
    exception = std::make_exception_ptr(group);
  }
}

}  // namespace
}  // namespace loop

// as_completed(): several awaitables, each as soon as it is done.

#include "loop/tasks/as_completed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/recycled_memory.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/futures/future_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

using std::chrono::milliseconds;

class AsCompletedTest : public CoroutineTest {
 protected:
  static Coroutine<int> later(milliseconds delay, int result) {
    const Counted counted;
    co_await sleep(delay);
    co_return result;
  }
  static Coroutine<int> fail(milliseconds delay) {
    co_await sleep(delay);
    throw Mistake("expected");
  }
  // Some that are done in another order than this.
  static std::vector<Coroutine<int>> three() {
    std::vector<Coroutine<int>> coroutines;
    coroutines.push_back(later(30ms, 3));
    coroutines.push_back(later(10ms, 1));
    coroutines.push_back(later(20ms, 2));
    return coroutines;
  }
};

using Numbers = std::vector<int>;

TEST_F(AsCompletedTest, AsCompleted) {
  const auto body = [&]() -> Coroutine<Numbers> {
    Numbers numbers;
    for (Coroutine<int> next : as_completed(three())) {
      numbers.push_back(co_await next);
      EXPECT_EQ(f_.ms(), 10 * numbers.back());
    }
    co_return numbers;
  };
  EXPECT_EQ(run(body()), (Numbers{1, 2, 3}));
}

TEST_F(AsCompletedTest, AsCompletedSameTasksInAsOut) {
  const auto body = [&]() -> Coroutine<> {
    std::vector<Future<int>> tasks;
    for (auto& coroutine : three()) {
      tasks.push_back(create_task(std::move(coroutine)));
    }
    std::vector<Future<int>> in_order;
    auto completed = as_completed(tasks);
    while (const auto task = co_await completed.next()) {
      EXPECT_TRUE(task->done());
      in_order.push_back(*task);
    }
    EXPECT_EQ(in_order, (std::vector{tasks[1], tasks[2], tasks[0]}));
    EXPECT_EQ(co_await completed.next(), std::nullopt);
  };
  run(body());
}

TEST_F(AsCompletedTest, AsCompletedEmpty) {
  const auto body = []() -> Coroutine<> {
    for (Coroutine<int> next : as_completed(std::vector<Coroutine<int>>())) {
      co_await next;
      ADD_FAILURE();
    }
    auto completed = as_completed(std::vector<Coroutine<int>>());
    EXPECT_EQ(co_await completed.next(), std::nullopt);
  };
  run(body());
}

TEST_F(AsCompletedTest, AsCompletedWithTimeout) {
  const auto body = [&]() -> Coroutine<Numbers> {
    Numbers numbers;
    for (Coroutine<int> next : as_completed(three(), 25ms)) {
      try {
        numbers.push_back(co_await next);
      } catch (const TimeoutError&) {
        numbers.push_back(-1);
      }
    }
    EXPECT_EQ(f_.ms(), 25);
    co_await sleep(10ms);
    EXPECT_EQ(Counted::alive, 0) << "the tasks go on";
    co_return numbers;
  };
  EXPECT_EQ(run(body()), (Numbers{1, 2, -1}));
}

TEST_F(AsCompletedTest, NextWithTimeout) {
  const auto body = [&]() -> Coroutine<> {
    auto completed = as_completed(three(), 15ms);
    EXPECT_EQ((*co_await completed.next()).result(), 1);
    EXPECT_THROW(co_await completed.next(), TimeoutError);
    EXPECT_THROW(co_await completed.next(), TimeoutError);
    EXPECT_EQ(co_await completed.next(), std::nullopt);
    co_await sleep(20ms);
  };
  run(body());
}

// Futures that are done by then are still returned.
TEST_F(AsCompletedTest, AsCompletedWithUnusedTimeout) {
  const auto body = [&]() -> Coroutine<> {
    auto completed = as_completed(three(), 1s);
    co_await sleep(2s);
    while (const auto task = co_await completed.next()) {
      EXPECT_TRUE(task->done());
    }
  };
  run(body());
  EXPECT_THROW(f_.loop.run_once(), std::logic_error) << "there is a timer";
}

TEST_F(AsCompletedTest, AsCompletedReverseWait) {
  const auto body = []() -> Coroutine<> {
    std::vector<Coroutine<int>> all;
    for (Coroutine<int> next : as_completed(three())) {
      all.push_back(std::move(next));
    }
    EXPECT_EQ(co_await all[2], 1) << "the first that asks";
    EXPECT_EQ(co_await all[1], 2);
    EXPECT_EQ(co_await all[0], 3);
  };
  run(body());
}

TEST_F(AsCompletedTest, AsCompletedConcurrent) {
  const auto body = []() -> Coroutine<Numbers> {
    std::vector<Task<int>> tasks;
    for (Coroutine<int> next : as_completed(three())) {
      tasks.push_back(create_task(std::move(next)));
    }
    Numbers numbers;
    for (const auto& task : tasks) numbers.push_back(co_await task);
    co_return numbers;
  };
  EXPECT_EQ(run(body()), (Numbers{1, 2, 3}));
}

TEST_F(AsCompletedTest, AsCompletedDuplicateCoroutines) {
  const auto body = []() -> Coroutine<int> {
    const auto task = create_task(later(1ms, 1));
    int count = 0;
    for (Coroutine<int> next : as_completed(std::vector{task, task})) {
      count += co_await next;
    }
    co_return count;
  };
  EXPECT_EQ(run(body()), 1);
}

TEST_F(AsCompletedTest, Exceptions) {
  const auto body = []() -> Coroutine<> {
    std::vector<Coroutine<int>> coroutines;
    coroutines.push_back(fail(1ms));
    coroutines.push_back(later(2ms, 2));
    auto completed = as_completed(std::move(coroutines));
    auto next = completed.begin();
    EXPECT_THROW(co_await *next, Mistake);
    EXPECT_EQ(co_await *++next, 2);
  };
  run(body());
}

// The rest is reported as that of any task.
TEST_F(AsCompletedTest, ExceptionThatNobodyAsksFor) {
  const auto line = __LINE__ + 4;
  const auto body = []() -> Coroutine<> {
    std::vector<Coroutine<int>> coroutines;
    coroutines.push_back(fail(1ms));
    const auto completed = as_completed(std::move(coroutines));
    co_await sleep(2ms);
  };
  run(body());
  const auto errors = f_.take_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "Task exception was never retrieved");
  EXPECT_EQ(errors[0].where.repr(), place(line));
}

TEST_F(AsCompletedTest, CoroutineWithoutLoop) {
  EXPECT_THROW(static_cast<void>(as_completed(std::vector{make<int>()})),
               RuntimeError);
}

TEST_F(AsCompletedTest, OfAnotherLoop) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto body = [&]() -> Coroutine<> {
    const std::vector futures{create_future<int>(other.loop)};
    EXPECT_THROW(static_cast<void>(as_completed(futures)), ValueError);
    co_return;
  };
  run(body());
}

TEST_F(AsCompletedTest, MoveOnlyResults) {
  const auto point = [](int to) -> Coroutine<std::unique_ptr<int>> {
    co_return std::make_unique<int>(to);
  };
  const auto body = [&]() -> Coroutine<> {
    std::vector<Coroutine<std::unique_ptr<int>>> coroutines;
    coroutines.push_back(point(4));
    for (auto next : as_completed(std::move(coroutines))) {
      EXPECT_EQ(*co_await next, 4);
    }
  };
  run(body());
}

// ---- Cancelling ----

TEST_F(AsCompletedTest, CancelsNothing) {
  const auto body = [&]() -> Coroutine<> {
    auto completed = as_completed(three());
    const auto waits = create_task(completed.next());
    co_await sleep(1ms);
    waits.cancel();
    EXPECT_THROW(co_await waits, CancelledError);
    EXPECT_EQ((*co_await completed.next()).result(), 1);
    co_await sleep(30ms);
  };
  run(body());
}

TEST_F(AsCompletedTest, R104_WokenThenCancelledPassesItOn) {
  const auto a = make<int>(), b = make<int>();
  const auto body = [&]() -> Coroutine<> {
    auto completed = as_completed(std::vector{a, b});
    const auto first = create_task(completed.next());
    const auto second = create_task(completed.next());
    co_await sleep(0ms);
    a.set_result(1);
    first.cancel();
    EXPECT_EQ(*co_await second, a);
    EXPECT_TRUE(first.cancelled());
    b.set_result(2);
  };
  run(body());
}

TEST_F(AsCompletedTest, OutlivedByItsCoroutines) {
  const auto body = []() -> Coroutine<int> {
    std::optional<Coroutine<int>> next;
    {
      const auto completed = as_completed(three());
      next = *completed.begin();
    }
    const int first = co_await *next;
    co_await sleep(30ms);
    co_return first;
  };
  EXPECT_EQ(run(body()), 1);
}

TEST_F(AsCompletedTest, ClosedLoopWhilePending) {
  const auto body = []() -> Coroutine<> {
    for (Coroutine<int> next : as_completed(three(), 1s)) co_await next;
  };
  start(body());
  f_.turn(2);
  f_.loop.close();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(f_.take_errors().size(), 4u);
}

// A next() that is cancelled while it waits leaves its turn to another one.
TEST_F(AsCompletedTest, NextThatIsCancelledTakesNoTurn) {
  const auto body = [&]() -> Coroutine<Numbers> {
    auto completed = as_completed(three());
    for (int i = 0; i < 3; ++i) {
      const auto waits = create_task(completed.next());
      co_await sleep(1ms);
      waits.cancel();
    }
    Numbers numbers;
    while (const auto task = co_await completed.next()) {
      numbers.push_back(task->result());
    }
    co_return numbers;
  };
  EXPECT_EQ(run(body()), (Numbers{1, 2, 3}));
}

TEST_F(AsCompletedTest, NextThatIsCancelledLeavesNothing) {
  const auto future = make<int>();
  const auto body = [&]() -> Coroutine<> {
    auto completed = as_completed(std::vector{future});
    const auto ask_in_vain = [&](int times) -> Coroutine<> {
      for (int i = 0; i < times; ++i) {
        const auto asks = create_task(completed.next());
        co_await sleep(0s);
        asks.cancel();
        co_await sleep(0s);
      }
    };
    co_await ask_in_vain(10);
    const std::size_t held = tests::allocations_held();
    co_await ask_in_vain(1000);
    EXPECT_LE(tests::allocations_held(), held + 10);
    future.set_result(1);
    EXPECT_EQ(*co_await completed.next(), future);
  };
  run(body());
}

TEST_F(AsCompletedTest, NextWithoutMemoryTakesNoTurn) {
  if (kRecyclesMemory) GTEST_SKIP() << "for AddressSanitizer";
  for (tests::EachShortage shortage; shortage.next();) {
    const auto future = make<int>();
    const auto body = [&]() -> Coroutine<> {
      auto completed = as_completed(std::vector{future});
      Coroutine<std::optional<Future<int>>> next = completed.next();
      std::optional<Task<std::optional<Future<int>>>> asks;
      shortage.survives(
          [&] { asks = create_task(std::move(next), {.eager_start = true}); });
      if (asks && !asks->cancel()) {
        EXPECT_THROW(asks->result(), std::bad_alloc);
      }
      co_await sleep(0s);
      future.set_result(1);
      EXPECT_EQ(co_await completed.next(), future);
    };
    run(body());
  }
}

}  // namespace
}  // namespace loop

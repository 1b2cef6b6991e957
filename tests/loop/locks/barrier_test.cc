// Barrier: after CPython's test_locks.BarrierTests.

#include "loop/locks/barrier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
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

class BarrierTest : public CoroutineTest {
 protected:
  std::vector<Task<int>> start_waiting(int count) {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(start(barrier_.wait()));
    return tasks;
  }

  static constexpr int kParties = 5;
  Barrier barrier_{kParties};
};

TEST_F(BarrierTest, New) {
  // gh-129403: the message names the least number that is allowed.
  for (const int parties : {0, -4}) {
    try {
      Barrier barrier(parties);
      ADD_FAILURE() << parties;
    } catch (const ValueError& error) {
      EXPECT_STREQ(error.what(), "parties must be >= 1");
    }
  }
  EXPECT_EQ(barrier_.parties(), kParties);
  EXPECT_EQ(barrier_.n_waiting(), 0);
  EXPECT_FALSE(barrier_.broken());
}

TEST_F(BarrierTest, SingleTask) {
  Barrier barrier(1);
  EXPECT_EQ(run(barrier.wait()), 0);
  EXPECT_EQ(run(barrier.wait()), 0);
  EXPECT_EQ(barrier.n_waiting(), 0);
}

TEST_F(BarrierTest, Barrier) {
  const auto tasks = start_waiting(kParties - 1);
  f_.turn(3);
  EXPECT_EQ(barrier_.n_waiting(), kParties - 1);
  for (const auto& task : tasks) EXPECT_FALSE(task.done());
  EXPECT_EQ(run(barrier_.wait()), kParties - 1);
  f_.turn(kParties);
  std::vector<int> indices;
  for (const auto& task : tasks) indices.push_back(task.result());
  std::sort(indices.begin(), indices.end());
  std::vector<int> expected(kParties - 1);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(indices, expected);
  EXPECT_EQ(barrier_.n_waiting(), 0);
  EXPECT_FALSE(barrier_.broken());
}

TEST_F(BarrierTest, IsUsedAgain) {
  int sum = 0;
  const auto rounds = [&]() -> Coroutine<> {
    for (int i = 0; i < 3; ++i) sum += co_await barrier_.wait();
  };
  std::vector<Task<void>> tasks;
  for (int i = 0; i < kParties; ++i) tasks.push_back(start(rounds()));
  for (const auto& task : tasks) run_until_complete(task);
  EXPECT_EQ(sum, 3 * (0 + 1 + 2 + 3 + 4));
}

// Of those that go on together each has an index of its own, in the order in
// which they came, whichever was cancelled while the barrier filled.
TEST_F(BarrierTest, IndicesAfterACancellation) {
  for (int cancelled = 0; cancelled < kParties - 1; ++cancelled) {
    auto tasks = start_waiting(kParties - 1);
    f_.turn(3);
    const auto i = static_cast<std::size_t>(cancelled);
    EXPECT_TRUE(tasks[i].cancel());
    f_.turn(3);
    EXPECT_EQ(barrier_.n_waiting(), kParties - 2);
    tasks.erase(tasks.begin() + cancelled);
    for (auto& task : start_waiting(2)) tasks.push_back(task);
    std::vector<int> indices;
    for (const auto& task : tasks) indices.push_back(run_until_complete(task));
    EXPECT_EQ(indices, (std::vector<int>{0, 1, 2, 3, 4})) << cancelled;
  }
}

// All that waited are cancelled, and the next round counts from 0.
TEST_F(BarrierTest, IndicesAfterAllWereCancelled) {
  for (const auto& task : start_waiting(kParties - 1)) {
    f_.turn(3);
    task.cancel();
  }
  f_.turn(3);
  const auto tasks = start_waiting(kParties);
  int index = 0;
  for (const auto& task : tasks) EXPECT_EQ(run_until_complete(task), index++);
}

// A place that was given up by a reset is not counted either.
TEST_F(BarrierTest, IndicesAfterAReset) {
  const auto broken = start_waiting(2);
  f_.turn(3);
  run(barrier_.reset());
  for (const auto& task : broken) {
    EXPECT_THROW(run_until_complete(task), BrokenBarrierError);
  }
  const auto tasks = start_waiting(kParties);
  int index = 0;
  for (const auto& task : tasks) EXPECT_EQ(run_until_complete(task), index++);
}

// A task that arrives while the others leave waits for the next round.
TEST_F(BarrierTest, BlockWhileItDrains) {
  auto tasks = start_waiting(kParties);
  const auto late = start(barrier_.wait());
  for (const auto& task : tasks) run_until_complete(task);
  f_.turn(3);
  EXPECT_FALSE(late.done());
  EXPECT_EQ(barrier_.n_waiting(), 1);
  tasks = start_waiting(kParties - 1);
  EXPECT_EQ(run_until_complete(late), 0);
  for (const auto& task : tasks) run_until_complete(task);
}

TEST_F(BarrierTest, Reset) {
  const auto tasks = start_waiting(kParties - 1);
  f_.turn();
  run(barrier_.reset());
  for (const auto& task : tasks) {
    EXPECT_THROW(run_until_complete(task), BrokenBarrierError);
  }
  EXPECT_FALSE(barrier_.broken());
  EXPECT_EQ(barrier_.n_waiting(), 0);
  for (const auto& task : start_waiting(kParties)) run_until_complete(task);
}

TEST_F(BarrierTest, Abort) {
  const auto tasks = start_waiting(kParties - 1);
  f_.turn();
  run(barrier_.abort());
  for (const auto& task : tasks) {
    EXPECT_THROW(run_until_complete(task), BrokenBarrierError);
  }
  EXPECT_TRUE(barrier_.broken());
  EXPECT_EQ(barrier_.n_waiting(), 0);
  EXPECT_THROW(run(barrier_.wait()), BrokenBarrierError);
}

TEST_F(BarrierTest, AbortAndReset) {
  const auto tasks = start_waiting(kParties - 1);
  f_.turn();
  run(barrier_.abort());
  for (const auto& task : tasks) {
    EXPECT_THROW(run_until_complete(task), BrokenBarrierError);
  }
  run(barrier_.reset());
  EXPECT_FALSE(barrier_.broken());
  for (const auto& task : start_waiting(kParties)) run_until_complete(task);
}

TEST_F(BarrierTest, CancelledOneDoesNotCount) {
  auto tasks = start_waiting(kParties - 1);
  f_.turn();
  tasks.back().cancel("enough");
  EXPECT_EQ(cancelled_with([&] { run_until_complete(tasks.back()); }),
            "enough");
  tasks.pop_back();
  EXPECT_EQ(barrier_.n_waiting(), kParties - 2);
  const auto last = start_waiting(2);
  for (const auto& task : tasks) run_until_complete(task);
  for (const auto& task : last) run_until_complete(task);
}

TEST_F(BarrierTest, TheLoopClosesWhileTasksWait) {
  const auto main = [&]() -> Coroutine<> {
    Barrier barrier(kParties);
    for (int i = 0; i < 3; ++i) create_task(barrier.wait());
    co_await sleep(1h);
  };
  start(main());
  start_waiting(2);
  f_.turn(3);
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 6u);
}

TEST_F(BarrierTest, DestroyedWhileTasksWait) {
  auto barrier = std::make_unique<Barrier>(kParties);
  const auto a = start(barrier->wait());
  const auto b = start(barrier->wait());
  f_.turn(2);
  barrier.reset();
  EXPECT_THROW(run_until_complete(a), RuntimeError);
  EXPECT_THROW(run_until_complete(b), RuntimeError);
}

TEST_F(BarrierTest, ATaskOfAnotherLoopDoesNotCount) {
  const auto first = start(barrier_.wait());
  f_.turn();
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  const auto stranger = create_task(other.loop, barrier_.wait());
  EXPECT_THROW(run_until_complete(stranger), RuntimeError);
  EXPECT_EQ(barrier_.n_waiting(), 1);
  for (const auto& task : start_waiting(kParties - 1)) run_until_complete(task);
  run_until_complete(first);
}

TEST_F(BarrierTest, DestroyedBeforeOneThatWasCancelledGoesOn) {
  auto barrier = std::make_unique<Barrier>(kParties);
  const auto task = start(barrier->wait());
  f_.turn();
  task.cancel("enough");
  barrier.reset();
  EXPECT_EQ(cancelled_with([&] { run_until_complete(task); }), "enough");
}

}  // namespace
}  // namespace loop

// Queues: after CPython's test_queues.QueueBasicTests, LifoQueueTests and
// PriorityQueueTests.

#include "loop/queues/queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/tasks/sleep.h"
#include "selectors/poll_selector.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

using QueueTest = CoroutineTest;

template <class Queue>
std::vector<int> drain(Queue& queue) {
  std::vector<int> items;
  while (!queue.empty()) items.push_back(queue.get_nowait());
  return items;
}

TEST_F(QueueTest, Empty) {
  Queue<int> queue;
  EXPECT_TRUE(queue.empty());
  run(queue.put(1));
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(run(queue.get()), 1);
  EXPECT_TRUE(queue.empty());
}

TEST_F(QueueTest, Full) {
  Queue<int> queue;
  EXPECT_FALSE(queue.full());
  EXPECT_EQ(queue.maxsize(), 0u);
  Queue<int> small(1);
  EXPECT_EQ(small.maxsize(), 1u);
  run(small.put(1));
  EXPECT_TRUE(small.full());
}

TEST_F(QueueTest, Order) {
  Queue<int> queue;
  for (const int i : {1, 3, 2}) queue.put_nowait(i);
  EXPECT_EQ(drain(queue), (std::vector{1, 3, 2}));
}

TEST_F(QueueTest, OrderWhenItGrows) {
  Queue<int> queue;
  std::vector<int> expected;
  for (int i = 0; i < 5; ++i) queue.put_nowait(i);
  for (int i = 0; i < 5; ++i) queue.get_nowait();
  for (int i = 0; i < 100; ++i) {
    queue.put_nowait(i);
    expected.push_back(i);
  }
  EXPECT_EQ(drain(queue), expected);
}

// An item without a move constructor, whose copy constructor throws once.
struct Stubborn {
  explicit Stubborn(int n) : number(n) {}
  Stubborn(const Stubborn& other) : number(other.number) {
    if (copies_left-- == 0) throw Mistake("cannot be copied");
  }
  Counted counted;
  int number;
  static inline int copies_left = -1;
};

// The queue moves its items to a larger memory when it has 8.
TEST_F(QueueTest, KeepsItsItemsIfItCannotGrow) {
  for (int copies = 0; copies < 8; ++copies) {
    Queue<Stubborn> queue;
    for (int i = 0; i < 8; ++i) queue.put_nowait(Stubborn(i));
    const Stubborn next(8);
    Stubborn::copies_left = copies + 1;  // The first makes the argument.
    EXPECT_THROW(queue.put_nowait(next), Mistake);
    Stubborn::copies_left = -1;
    EXPECT_EQ(queue.qsize(), 8u);
    EXPECT_EQ(Counted::alive, 9);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(queue.get_nowait().number, i);
  }
}

TEST_F(QueueTest, Maxsize) {
  Queue<int> queue(2);
  Journal journal;
  const auto put = [&]() -> Coroutine<> {
    for (int i = 0; i < 3; ++i) {
      co_await queue.put(i);
      journal.push_back(std::to_string(i));
    }
  };
  const auto task = start(put());
  f_.turn(3);
  EXPECT_EQ(queue.qsize(), 2u);
  EXPECT_EQ(journal, (Journal{"0", "1"}));
  EXPECT_EQ(queue.get_nowait(), 0);
  f_.turn();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(drain(queue), (std::vector{1, 2}));
}

TEST_F(QueueTest, Lifo) {
  LifoQueue<int> queue(3);
  for (const int i : {1, 3, 2}) queue.put_nowait(i);
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(drain(queue), (std::vector{2, 3, 1}));
}

TEST_F(QueueTest, Priority) {
  PriorityQueue<int> queue;
  for (const int i : {1, 3, 2}) queue.put_nowait(i);
  EXPECT_EQ(drain(queue), (std::vector{1, 2, 3}));
  PriorityQueue<int, std::greater<int>> greatest;
  for (const int i : {1, 3, 2}) greatest.put_nowait(i);
  EXPECT_EQ(drain(greatest), (std::vector{3, 2, 1}));
}

// The item for a waiting task is chosen when the task resumes.
TEST_F(QueueTest, PriorityOfWhatWasPutMeanwhile) {
  PriorityQueue<int> queue;
  const auto task = start(queue.get());
  f_.turn();
  queue.put_nowait(3);
  queue.put_nowait(1);
  EXPECT_EQ(run_until_complete(task), 1);
}

TEST_F(QueueTest, MoveOnlyItems) {
  Queue<std::unique_ptr<int>> queue(1);
  PriorityQueue<std::unique_ptr<int>> by_address;
  LifoQueue<std::unique_ptr<int>> lifo;
  const auto body = [&]() -> Coroutine<int> {
    co_await queue.put(std::make_unique<int>(7));
    co_await by_address.put(co_await queue.get());
    co_await lifo.put(co_await by_address.get());
    co_return *co_await lifo.get();
  };
  EXPECT_EQ(run(body()), 7);
}

TEST_F(QueueTest, OwnsItsItems) {
  {
    Queue<Counted> queue;
    for (int i = 0; i < 20; ++i) queue.put_nowait(Counted());
    EXPECT_EQ(Counted::alive, 20);
    for (int i = 0; i < 5; ++i) queue.get_nowait();
    EXPECT_EQ(Counted::alive, 15);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(QueueTest, OwnsWhatWaitsForRoom) {
  Queue<std::shared_ptr<Counted>> queue(1);
  queue.put_nowait(std::make_shared<Counted>());
  const auto task = start(queue.put(std::make_shared<Counted>()));
  f_.turn();
  EXPECT_EQ(Counted::alive, 2);
  task.cancel();
  f_.turn();
  EXPECT_EQ(Counted::alive, 1);
}

TEST_F(QueueTest, CanBeBound) {
  FakeTimeLoop other(std::make_unique<selectors::PollSelector>());
  Queue<int> queue;
  const auto task = start(queue.get());
  f_.turn();
  const auto stranger = create_task(other.loop, as_coroutine(queue.get()));
  EXPECT_THROW(run_until_complete(stranger), RuntimeError);
  queue.put_nowait(1);
  run_until_complete(task);
}

// ---- What it costs ----

TEST_F(QueueTest, DoesNotSuspendIfItNeedNotWait) {
  Queue<int> queue(1);
  Journal journal;
  const auto body = [&]() -> Coroutine<> {
    f_.loop.call_soon(note(journal, "a turn"));
    co_await queue.put(1);
    co_await queue.get();
    EXPECT_EQ(journal, Journal());
  };
  run(body());
}

TEST_F(QueueTest, AllocatesNothing) {
  Queue<int> there(1);
  Queue<int> back(1);
  const auto ping = [&]() -> Coroutine<> {
    for (int i = 0; i < 20; ++i) {
      co_await there.put(i);
      co_await back.get();
    }
  };
  const auto pong = [&]() -> Coroutine<> {
    for (int i = 0; i < 20; ++i) co_await back.put(co_await there.get());
  };
  const auto a = start(ping());
  const auto b = start(pong());
  f_.turn(10);
  const std::size_t before = tests::allocations();
  f_.turn(10);
  const std::size_t after = tests::allocations();
  EXPECT_EQ(after - before, 0u);
  EXPECT_FALSE(a.done());
  run_until_complete(a);
  run_until_complete(b);
}

// ---- It is destroyed, or the loop closes, while tasks wait ----

TEST_F(QueueTest, TheLoopClosesWhileTasksWait) {
  const auto main = [&]() -> Coroutine<> {
    Queue<int> empty;
    Queue<Counted> full(1);
    full.put_nowait(Counted());
    for (int i = 0; i < 2; ++i) {
      create_task(empty.get());
      create_task(full.put(Counted()));
      create_task(full.join());
    }
    co_await sleep(1h);
  };
  start(main());
  f_.turn(3);
  f_.loop.close();
  EXPECT_EQ(f_.take_errors().size(), 7u);
}

TEST_F(QueueTest, DestroyedWhileTasksWait) {
  auto queue = std::make_unique<Queue<int>>();
  const auto woken = start(queue->get());
  const auto waiting = start(queue->get());
  f_.turn();
  queue->put_nowait(1);
  queue.reset();
  EXPECT_THROW(run_until_complete(woken), RuntimeError);
  EXPECT_THROW(run_until_complete(waiting), RuntimeError);
}

}  // namespace
}  // namespace loop

// Queues: after CPython's test_queues.QueueBasicTests, LifoQueueTests and
// PriorityQueueTests.

#include "loop/queues/queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
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

// The queue needs a larger memory when it has 8 items, which are not copied for
// that. The new one is copied twice: to the argument and from there.
TEST_F(QueueTest, KeepsItsItemsIfOneCannotBeAdded) {
  for (int copies = 0; copies <= 2; ++copies) {
    Queue<Stubborn> queue;
    for (int i = 0; i < 8; ++i) queue.put_nowait(Stubborn(i));
    const Stubborn next(8);
    Stubborn::copies_left = copies;
    if (copies < 2) {
      EXPECT_THROW(queue.put_nowait(next), Mistake);
      EXPECT_EQ(queue.qsize(), 8u);
      EXPECT_EQ(Counted::alive, 9);
    } else {
      queue.put_nowait(next);
      EXPECT_EQ(queue.qsize(), 9u);
    }
    Stubborn::copies_left = -1;
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

// ---- The items run code of the user ----

// An item that calls a function, once, when such an item is moved or destroyed
// for the n-th time.
struct Intruder {
  explicit Intruder(int n) : number(n) {}
  Intruder(Intruder&& other) noexcept : number(other.number) { run(); }
  Intruder& operator=(Intruder&& other) noexcept {
    number = other.number;
    run();
    return *this;
  }
  ~Intruder() { run(); }
  bool operator<(const Intruder& other) const { return number < other.number; }
  static void run() {
    if (function && --countdown == 0) std::exchange(function, nullptr)();
  }

  int number;
  static inline int countdown = 0;
  static inline std::function<void()> function;
};

template <class Q>
class QueueOfIntruders : public ::testing::Test {
 protected:
  ~QueueOfIntruders() override { Intruder::function = nullptr; }

  // Puts `items` into a new queue. Then calls f() at the n-th move or end of an
  // item in `operation`. Returns whether there was one.
  bool intrude(int n, int items, const std::function<void()>& f,
               const std::function<void()>& operation) {
    queue_.emplace();
    put(items);
    Intruder::countdown = n;
    Intruder::function = f;
    operation();
    return !std::exchange(Intruder::function, nullptr);
  }
  // Puts the items 1 to `n`.
  void put(int n) {
    for (int i = 1; i <= n; ++i) queue_->put_nowait(Intruder(i));
  }
  // Gets all items, and returns their sum.
  int get_all() {
    int sum = 0;
    while (!queue_->empty()) sum += queue_->get_nowait().number;
    return sum;
  }

  std::optional<Q> queue_;
};
using QueuesOfIntruders =
    ::testing::Types<Queue<Intruder>, PriorityQueue<Intruder>,
                     LifoQueue<Intruder>>;
TYPED_TEST_SUITE(QueueOfIntruders, QueuesOfIntruders);

TYPED_TEST(QueueOfIntruders, PutWhileAnItemIsAdded) {
  const auto put_more = [this] { this->put(40); };
  const auto put = [this] { this->put(1); };
  for (int n = 1; this->intrude(n, 0, put_more, put); ++n) {
    EXPECT_EQ(this->get_all(), 820 + 1) << n;
  }
}

TYPED_TEST(QueueOfIntruders, GetWhileTheQueueGrows) {
  int got = 0;
  const auto get = [&] { got = this->get_all(); };
  const auto put = [this] { this->put(1); };
  for (int n = 1; this->intrude(n, 8, get, put); ++n) {
    EXPECT_EQ(std::exchange(got, 0) + this->get_all(), 36 + 1) << n;
  }
}

TYPED_TEST(QueueOfIntruders, PutWhileAnItemIsRemoved) {
  const auto put = [this] { this->put(40); };
  const auto get = [this] { this->queue_->get_nowait(); };
  for (int n = 1; this->intrude(n, 1, put, get); ++n) {
    EXPECT_EQ(this->get_all(), 820) << n;
  }
}

TYPED_TEST(QueueOfIntruders, PutWhileTheItemsAreDropped) {
  const auto put = [this] { EXPECT_THROW(this->put(1), QueueShutDown); };
  const auto drop = [this] { this->queue_->shutdown(/*immediate=*/true); };
  for (int n = 1; this->intrude(n, 2, put, drop); ++n) {
    EXPECT_TRUE(this->queue_->empty()) << n;
  }
}

class PriorityQueueOfItems : public CoroutineTest {
 protected:
  // Calls function() in each comparison.
  struct Less {
    static inline std::function<void()> function;
    bool operator()(int a, int b) const {
      if (function) function();
      return a < b;
    }
  };
  PriorityQueueOfItems() {
    for (const int i : {3, 1, 4, 5, 2}) queue_.put_nowait(i);
  }
  ~PriorityQueueOfItems() override { Less::function = nullptr; }

  PriorityQueue<int, Less> queue_;
};

// As heapq: "list changed size during iteration".
TEST_F(PriorityQueueOfItems, RefusesToChangeWhileItCompares) {
  Less::function = [this] {
    EXPECT_THROW(queue_.put_nowait(0), RuntimeError);
    EXPECT_THROW(queue_.get_nowait(), RuntimeError);
  };
  queue_.put_nowait(0);
  EXPECT_EQ(queue_.get_nowait(), 0);
  Less::function = nullptr;
  EXPECT_EQ(drain(queue_), (std::vector{1, 2, 3, 4, 5}));
}

TEST_F(PriorityQueueOfItems, IsUnchangedIfAComparisonThrows) {
  for (int first = 0; first < 2; ++first) {
    int left = first;
    Less::function = [&] {
      if (left-- == 0) throw Mistake("no order");
    };
    EXPECT_THROW(queue_.put_nowait(0), Mistake);
    left = first;
    EXPECT_THROW(queue_.get_nowait(), Mistake);
  }
  Less::function = nullptr;
  EXPECT_EQ(drain(queue_), (std::vector{1, 2, 3, 4, 5}));
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

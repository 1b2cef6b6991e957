// Queue::shutdown(): after CPython's test_queues._QueueShutdownTestMixin, for
// all queues.

#include <gtest/gtest.h>

#include <cstddef>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/queues/queue.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

template <class Q>
class QueueShutdownTest : public CoroutineTest {
 protected:
  void expect_shut_down_for_put() {
    EXPECT_THROW(queue_.put_nowait(1), QueueShutDown);
    EXPECT_THROW(run(queue_.put(1)), QueueShutDown);
  }
  void expect_shut_down_for_get() {
    EXPECT_THROW(queue_.get_nowait(), QueueShutDown);
    EXPECT_THROW(run(queue_.get()), QueueShutDown);
  }

  Q queue_{2};
};

using AllQueues =
    ::testing::Types<Queue<int>, LifoQueue<int>, PriorityQueue<int>>;
TYPED_TEST_SUITE(QueueShutdownTest, AllQueues);

TYPED_TEST(QueueShutdownTest, ShutdownEmpty) {
  const auto getter = this->start(this->queue_.get());
  this->f_.turn();
  this->queue_.shutdown();
  EXPECT_THROW(run_until_complete(getter), QueueShutDown);
  this->expect_shut_down_for_put();
  this->expect_shut_down_for_get();
}

TYPED_TEST(QueueShutdownTest, ShutdownNonempty) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  queue.put_nowait(2);
  const auto putter = this->start(queue.put(3));
  this->f_.turn();
  queue.shutdown();
  EXPECT_THROW(run_until_complete(putter), QueueShutDown);
  this->expect_shut_down_for_put();
  EXPECT_EQ(queue.qsize(), 2u);
  this->run(queue.get());
  queue.get_nowait();
  this->expect_shut_down_for_get();
}

TYPED_TEST(QueueShutdownTest, ShutdownImmediate) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  queue.put_nowait(2);
  const auto putter = this->start(queue.put(3));
  this->f_.turn();
  queue.shutdown(true);
  EXPECT_TRUE(queue.empty());
  EXPECT_THROW(run_until_complete(putter), QueueShutDown);
  this->expect_shut_down_for_put();
  this->expect_shut_down_for_get();
  EXPECT_THROW(queue.task_done(), ValueError);
}

TYPED_TEST(QueueShutdownTest, ShutdownRepeated) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  queue.shutdown();
  queue.shutdown();
  EXPECT_EQ(queue.qsize(), 1u);
  queue.shutdown(true);
  EXPECT_EQ(queue.qsize(), 0u);
  queue.shutdown();
  this->expect_shut_down_for_get();
}

// A task that got an item still has to call task_done().
TYPED_TEST(QueueShutdownTest, ShutdownImmediateWithUnfinished) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  queue.put_nowait(2);
  queue.get_nowait();
  const auto joiner = this->start(queue.join());
  queue.shutdown(true);
  this->f_.turn(2);
  EXPECT_FALSE(joiner.done());
  queue.task_done();
  run_until_complete(joiner);
}

// More was said to be dealt with than was got.
TYPED_TEST(QueueShutdownTest, ShutdownImmediateAllDoneUnfinished) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  queue.task_done();
  queue.shutdown(true);
  this->run(queue.join());
}

TYPED_TEST(QueueShutdownTest, ShutdownImmediateEndsJoin) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  const auto joiner = this->start(queue.join());
  this->f_.turn();
  queue.shutdown(true);
  run_until_complete(joiner);
}

TYPED_TEST(QueueShutdownTest, ShutdownDoesNotEndJoin) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  const auto joiner = this->start(queue.join());
  this->f_.turn();
  queue.shutdown();
  this->f_.turn(2);
  EXPECT_FALSE(joiner.done());
  queue.get_nowait();
  queue.task_done();
  run_until_complete(joiner);
}

// There is one item for two; the other learns of the end.
TYPED_TEST(QueueShutdownTest, ShutdownWithWokenGetters) {
  auto& queue = this->queue_;
  const auto a = this->start(queue.get());
  const auto b = this->start(queue.get());
  this->f_.turn();
  queue.put_nowait(1);
  queue.shutdown();
  this->f_.turn();
  EXPECT_EQ(a.result(), 1);
  EXPECT_THROW(b.result(), QueueShutDown);
}

TYPED_TEST(QueueShutdownTest, CancelledWhenItIsShutDown) {
  auto& queue = this->queue_;
  const auto getter = this->start(queue.get());
  this->f_.turn();
  queue.shutdown();
  getter.cancel();
  EXPECT_THROW(run_until_complete(getter), CancelledError);
}

}  // namespace
}  // namespace loop

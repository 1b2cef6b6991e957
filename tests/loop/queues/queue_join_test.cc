// Queue::join(): after CPython's test_queues._QueueJoinTestMixin, for all
// queues.

#include <gtest/gtest.h>

#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/queues/queue.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

template <class Q>
class QueueJoinTest : public CoroutineTest {
 protected:
  Q queue_;
};

using AllQueues =
    ::testing::Types<Queue<int>, LifoQueue<int>, PriorityQueue<int>>;
TYPED_TEST_SUITE(QueueJoinTest, AllQueues);

TYPED_TEST(QueueJoinTest, TaskDoneUnderflow) {
  EXPECT_THROW(this->queue_.task_done(), ValueError);
}

TYPED_TEST(QueueJoinTest, TaskDone) {
  auto& queue = this->queue_;
  int sum = 0;
  const auto work = [&]() -> Coroutine<> {
    for (;;) {
      const int item = co_await queue.get();
      co_await sleep(1ms);
      sum += item;
      queue.task_done();
    }
  };
  std::vector<Task<void>> workers;
  for (int i = 0; i < 2; ++i) workers.push_back(this->start(work()));
  for (int i = 0; i < 100; ++i) queue.put_nowait(i);
  this->run(queue.join());
  EXPECT_EQ(sum, 4950);
  EXPECT_EQ(this->f_.ms(), 50);
  for (const auto& worker : workers) worker.cancel();
  this->f_.turn();
}

TYPED_TEST(QueueJoinTest, JoinEmptyQueue) {
  this->run(this->queue_.join());
  this->run(this->queue_.join());
}

TYPED_TEST(QueueJoinTest, JoinAgain) {
  auto& queue = this->queue_;
  for (int i = 0; i < 2; ++i) {
    queue.put_nowait(1);
    const auto task = this->start(queue.join());
    queue.get_nowait();
    this->f_.turn(2);
    EXPECT_FALSE(task.done());
    queue.task_done();
    run_until_complete(task);
  }
}

TYPED_TEST(QueueJoinTest, JoinCancelled) {
  auto& queue = this->queue_;
  queue.put_nowait(1);
  const auto task = this->start(queue.join());
  this->f_.turn();
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  queue.task_done();
  this->run(queue.join());
}

}  // namespace
}  // namespace loop

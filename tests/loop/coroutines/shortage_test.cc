// Operations of tasks that run out of memory: they throw std::bad_alloc and
// change nothing.

#include <gtest/gtest.h>

#include <new>
#include <optional>
#include <string>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/recycled_memory.h"
#include "loop/locks/event.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"
#include "loop/queues/queue.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/timeout.h"
#include "tests/loop/coroutines/coroutine_fixture.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

class ShortageTest : public CoroutineTest {
 protected:
  // So that whatever is scheduled next asks for memory.
  void fill_ready_queue() {
    try {
      const tests::FailingAllocations failing;
      for (;;) f_.loop.call_soon([] {});
    } catch (const std::bad_alloc&) {
    }
  }

  // Returns whether the operation throws std::bad_alloc.
  template <class Operation>
  bool fails(Operation operation) {
    fill_ready_queue();
    const tests::FailingAllocations failing;
    try {
      operation();
      return false;
    } catch (const std::bad_alloc&) {
      return true;
    }
  }

  template <class Lock>
  static Coroutine<> acquire(Lock& lock, int& acquired) {
    co_await lock.acquire();
    ++acquired;
  }
};

TEST_F(ShortageTest, CreateTask) {
  if (kRecyclesMemory) GTEST_SKIP() << "for AddressSanitizer";
  const auto work = [](Counted, int& ended) -> Coroutine<> {
    co_await sleep(1ms);
    ++ended;
  };
  tests::EachShortage shortage;
  while (shortage.next()) {
    int ended = 0;
    const bool made = shortage.survives([&] {
      create_task(f_.loop, work(Counted(), ended),
                  {.name = "a name that is not short"});
    });
    EXPECT_EQ(all_tasks(f_.loop).size(), made ? 1u : 0u);
    EXPECT_EQ(Counted::alive, made ? 1 : 0);
    f_.run_for(1ms);
    EXPECT_EQ(ended, made ? 1 : 0);
  }
  EXPECT_GT(shortage.places(), 2u);
}

TEST_F(ShortageTest, ReportsOfDestructorsAreLost) {
  const auto fail = []() -> Coroutine<> {
    co_await sleep(0s);
    throw Mistake("expected");
  };
  std::optional<Task<>> failed = start(fail());
  start(sleep(1h));
  f_.turn(3);
  std::optional never_awaited = fail();
  testing::internal::CaptureStderr();
  {
    const tests::FailingAllocations failing;
    failed.reset();
    f_.loop.close();
    never_awaited.reset();
    EXPECT_TRUE(failing.struck());
  }
  const std::string line = "loop: out of memory, a report is lost\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), line + line + line);
  EXPECT_TRUE(f_.take_errors().empty());
}

TEST_F(ShortageTest, Sleep) {
  for (const auto delay : {1ms, 0ms}) {
    const auto sleeper = [&]() -> Coroutine<> {
      fill_ready_queue();
      bool failed = false;
      {
        const tests::FailingAllocations failing;
        try {
          co_await sleep(delay);
        } catch (const std::bad_alloc&) {
          failed = true;
        }
      }
      EXPECT_TRUE(failed);
      co_await sleep(delay);
    };
    const auto task = start(sleeper());
    f_.turn(2);
    f_.run_for(1ms);
    EXPECT_TRUE(task.done());
    EXPECT_EQ(task.exception(), nullptr);
  }
}

// Neither is the timer left, nor does the task believe that it waits.
TEST_F(ShortageTest, SleepThatIsCancelledBefore) {
  f_.loop.call_later(1h, [] {}).cancel();  // There is room for a timer.
  int steps = 0;
  const auto sleeper = [&]() -> Coroutine<> {
    current_task().cancel();
    fill_ready_queue();
    {
      const tests::FailingAllocations failing;
      try {
        co_await sleep(1h);
      } catch (const std::bad_alloc&) {
        ++steps;
      }
    }
    current_task().uncancel();
    co_await sleep(0s);
    ++steps;
    co_await sleep(2h);
    ++steps;
  };
  const auto task = start(sleeper());
  f_.turn(3);
  EXPECT_EQ(steps, 2);
  f_.run_for(1h);
  EXPECT_EQ(steps, 2);
  f_.run_for(1h);
  EXPECT_EQ(steps, 3);
  EXPECT_TRUE(task.done());
}

// It has not expired then, and takes back no cancellation that it did not ask
// for.
TEST_F(ShortageTest, TimeoutThatCannotCancel) {
  std::optional<tests::FailingAllocations> failing;
  int cancelling = -1;
  bool expired = true;
  const auto patient = [&]() -> Coroutine<> {
    co_await sleep(2ms);
    current_task().cancel();
    cancelling = current_task().cancelling();
  };
  const auto work = [&]() -> Coroutine<> {
    Timeout limit = timeout(1ms);
    co_await limit.run(patient());
    expired = limit.expired();
    cancelling -= current_task().cancelling();
    current_task().uncancel();
  };
  f_.loop.call_later(1ms, [&] {
    fill_ready_queue();
    failing.emplace();
  });
  const auto task = start(work());
  f_.turn();
  f_.loop.call_later(1ms, [&] { failing.reset(); });
  f_.run_for(2ms);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.exception(), nullptr);
  EXPECT_FALSE(expired);
  EXPECT_EQ(cancelling, 0);
}

TEST_F(ShortageTest, LockRelease) {
  Lock lock;
  int acquired = 0;
  run(lock.acquire());
  start(acquire(lock, acquired));
  f_.turn();
  EXPECT_TRUE(fails([&] { lock.release(); }));
  EXPECT_TRUE(lock.locked());
  f_.turn();
  EXPECT_EQ(acquired, 0);
  lock.release();
  f_.turn();
  EXPECT_EQ(acquired, 1);
}

TEST_F(ShortageTest, SemaphoreRelease) {
  Semaphore semaphore(0);
  int acquired = 0;
  start(acquire(semaphore, acquired));
  f_.turn();
  EXPECT_TRUE(fails([&] { semaphore.release(); }));
  f_.turn();
  EXPECT_EQ(acquired, 0);
  semaphore.release();
  f_.turn();
  EXPECT_EQ(acquired, 1);
  EXPECT_TRUE(semaphore.locked());
}

TEST_F(ShortageTest, EventSet) {
  Event event;
  int woken = 0;
  const auto wait = [&]() -> Coroutine<> {
    co_await event.wait();
    ++woken;
  };
  for (int i = 0; i < 3; ++i) start(wait());
  f_.turn();
  EXPECT_TRUE(fails([&] { event.set(); }));
  EXPECT_FALSE(event.is_set());
  event.set();
  f_.turn();
  EXPECT_EQ(woken, 3);
}

TEST_F(ShortageTest, CancelledWaits) {
  Lock lock;
  int acquired = 0;
  run(lock.acquire());
  const auto task = start(acquire(lock, acquired));
  f_.turn();
  EXPECT_TRUE(fails([&] { task.cancel(); }));
  EXPECT_EQ(task.cancelling(), 0);
  f_.turn();
  EXPECT_FALSE(task.done());
  EXPECT_TRUE(task.cancel());
  f_.turn();
  EXPECT_TRUE(task.cancelled());
  lock.release();
  EXPECT_FALSE(lock.locked());
}

// ---- Queues ----

template <class Queue>
Coroutine<> get(Queue& queue, std::vector<int>& got) {
  got.push_back(co_await queue.get());
}

template <class Q>
class QueueShortageTest : public ShortageTest {};
using Queues = ::testing::Types<Queue<int>, PriorityQueue<int>, LifoQueue<int>>;
TYPED_TEST_SUITE(QueueShortageTest, Queues);

// An item is in the queue, or the one who puts it knows that it is not.
TYPED_TEST(QueueShortageTest, Put) {
  TypeParam queue;
  int put = 0;
  tests::EachShortage shortage;
  while (shortage.next()) {
    const auto before = static_cast<int>(queue.qsize());
    put = 0;
    shortage.survives([&] {
      for (; put < 100; ++put) queue.put_nowait(1);
    });
    EXPECT_EQ(static_cast<int>(queue.qsize()), before + put);
  }
  EXPECT_GT(shortage.places(), 0u);
}

TYPED_TEST(QueueShortageTest, PutWhileOneWaits) {
  TypeParam queue;
  std::vector<int> got;
  queue.put_nowait(0);  // So that there is room for another.
  queue.get_nowait();
  queue.task_done();
  this->start(get(queue, got));
  this->f_.turn();
  EXPECT_TRUE(this->fails([&] { queue.put_nowait(1); }));
  EXPECT_TRUE(queue.empty());
  EXPECT_THROW(queue.task_done(), ValueError);
  this->f_.turn();
  EXPECT_TRUE(got.empty());
  queue.put_nowait(2);
  this->f_.turn();
  EXPECT_EQ(got, std::vector<int>{2});
}

TYPED_TEST(QueueShortageTest, GetWhileOneWaits) {
  TypeParam queue(1);
  queue.put_nowait(1);
  this->start(queue.put(2));
  this->f_.turn();
  EXPECT_TRUE(this->fails([&] { queue.get_nowait(); }));
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.get_nowait(), 1);
  this->f_.turn();
  EXPECT_EQ(queue.get_nowait(), 2);
}

TYPED_TEST(QueueShortageTest, TaskDoneWhileOneWaits) {
  TypeParam queue;
  queue.put_nowait(1);
  queue.get_nowait();
  const auto joining = this->start(queue.join());
  this->f_.turn();
  EXPECT_TRUE(this->fails([&] { queue.task_done(); }));
  this->f_.turn();
  EXPECT_FALSE(joining.done());
  queue.task_done();
  this->f_.turn();
  EXPECT_TRUE(joining.done());
}

TYPED_TEST(QueueShortageTest, ShutdownWhileOneWaits) {
  TypeParam queue;
  const auto getting = this->start(queue.get());
  this->f_.turn();
  EXPECT_TRUE(this->fails([&] { queue.shutdown(); }));
  queue.put_nowait(1);
  EXPECT_EQ(queue.get_nowait(), 1);
  queue.shutdown();
  this->f_.turn();
  EXPECT_THROW(getting.result(), QueueShutDown);
}

}  // namespace
}  // namespace loop

// An operation that a task begins while a request to cancel it is pending: the
// operation throws CancelledError if it suspends the task. Otherwise it
// succeeds, and the next operation that suspends throws.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/locks/barrier.h"
#include "loop/locks/condition.h"
#include "loop/locks/event.h"
#include "loop/locks/lock.h"
#include "loop/locks/semaphore.h"
#include "loop/queues/queue.h"
#include "loop/tasks/as_completed.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/timeout.h"
#include "loop/tasks/wait.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/coroutines/coroutine_fixture.h"

namespace loop {
namespace {

// The objects that the operations are called on.
struct World {
  explicit World(EventLoop& event_loop)
      : done(create_future<int>(event_loop)),
        pending(create_future<int>(event_loop)) {
    done.set_result(1);
    set_event.set();
    full_queue.put_nowait(1);
  }

  Future<int> done;
  Future<int> pending;
  Lock lock;
  Lock held;
  Event set_event;
  Event event;
  Condition condition;
  Semaphore semaphore{1};
  Semaphore taken{0};
  Barrier barrier{2};
  Barrier barrier_of_one{1};
  Queue<int> queue;
  Queue<int> full_queue{1};
};

struct Beginning {
  std::string name;
  bool suspends;
  std::function<Coroutine<>(World&)> begin;
};

Coroutine<> nothing() { co_return; }
Coroutine<> wait_in(Condition& condition) {
  co_await condition.acquire();
  co_await condition.wait();
}
Coroutine<> await_future(Future<int> future) { co_await future; }
Coroutine<> wait_of(std::vector<Future<int>> futures) {
  co_await wait(std::move(futures));
}
Coroutine<> next_of(Future<int> future) {
  auto completed = as_completed(std::vector{std::move(future)});
  co_await completed.next();
}
Coroutine<> group_of(Future<int> future) {
  TaskGroup group;
  const auto body = [&]() -> Coroutine<> {
    group.create_task(await_future(future));
    co_return;
  };
  co_await group.run(body());
}
Coroutine<> empty_group() {
  TaskGroup group;
  co_await group.run(nothing());
}

Coroutine<> join_group_of(Future<int> future) {
  TaskGroup group;
  group.create_task(await_future(future));
  co_await group.join();
}
Coroutine<> join_empty_group() {
  TaskGroup group;
  co_await group.join();
}

const std::vector<Beginning>& operations() {
  static const auto& all = *new std::vector<Beginning>{
      {"SleepZero", true, [](World&) -> Coroutine<> { co_await sleep(0s); }},
      {"Sleep", true, [](World&) -> Coroutine<> { co_await sleep(1s); }},
      {"DoneFuture", false, [](World& w) { return await_future(w.done); }},
      {"PendingFuture", true, [](World& w) { return await_future(w.pending); }},
      {"ChildWithoutAwait", false, [](World&) { return nothing(); }},
      {"NewTask", true,
       [](World&) -> Coroutine<> { co_await create_task(nothing()); }},
      {"FreeLock", false,
       [](World& w) -> Coroutine<> { co_await w.lock.acquire(); }},
      {"HeldLock", true,
       [](World& w) -> Coroutine<> { co_await w.held.acquire(); }},
      {"SetEvent", false,
       [](World& w) -> Coroutine<> { co_await w.set_event.wait(); }},
      {"Event", true, [](World& w) -> Coroutine<> { co_await w.event.wait(); }},
      {"Condition", true, [](World& w) { return wait_in(w.condition); }},
      {"FreeSemaphore", false,
       [](World& w) -> Coroutine<> { co_await w.semaphore.acquire(); }},
      {"TakenSemaphore", true,
       [](World& w) -> Coroutine<> { co_await w.taken.acquire(); }},
      {"Barrier", true,
       [](World& w) -> Coroutine<> { co_await w.barrier.wait(); }},
      {"BarrierOfOne", false,
       [](World& w) -> Coroutine<> { co_await w.barrier_of_one.wait(); }},
      {"GetFromFullQueue", false,
       [](World& w) -> Coroutine<> { co_await w.full_queue.get(); }},
      {"GetFromEmptyQueue", true,
       [](World& w) -> Coroutine<> { co_await w.queue.get(); }},
      {"PutToEmptyQueue", false,
       [](World& w) -> Coroutine<> { co_await w.queue.put(1); }},
      {"PutToFullQueue", true,
       [](World& w) -> Coroutine<> { co_await w.full_queue.put(1); }},
      {"JoinFinishedQueue", false,
       [](World& w) -> Coroutine<> { co_await w.queue.join(); }},
      {"JoinUnfinishedQueue", true,
       [](World& w) -> Coroutine<> { co_await w.full_queue.join(); }},
      // Differs from Python, where gather() and wait() always suspend.
      {"GatherOfDone", false,
       [](World& w) -> Coroutine<> { co_await gather(w.done); }},
      {"GatherOfPending", true,
       [](World& w) -> Coroutine<> { co_await gather(w.pending); }},
      {"ShieldOfDone", false,
       [](World& w) -> Coroutine<> { co_await shield(w.done); }},
      {"ShieldOfPending", true,
       [](World& w) -> Coroutine<> { co_await shield(w.pending); }},
      {"WaitForDone", false,
       [](World& w) -> Coroutine<> { co_await wait_for(w.done, 1s); }},
      {"WaitForPending", true,
       [](World& w) -> Coroutine<> { co_await wait_for(w.pending, 1s); }},
      {"WaitOfDone", false, [](World& w) { return wait_of({w.done}); }},
      {"WaitOfPending", true, [](World& w) { return wait_of({w.pending}); }},
      {"NextOfPending", true, [](World& w) { return next_of(w.pending); }},
      {"EmptyGroup", false, [](World&) { return empty_group(); }},
      {"JoinEmptyGroup", false, [](World&) { return join_empty_group(); }},
      {"JoinGroupOfPending", true,
       [](World& w) { return join_group_of(w.pending); }},
      {"GroupOfPending", true, [](World& w) { return group_of(w.pending); }},
      {"TimeoutAroundNothing", false,
       [](World&) -> Coroutine<> { co_await timeout(1s).run(nothing()); }},
      {"TimeoutAroundPending", true,
       [](World& w) -> Coroutine<> {
         co_await timeout(1s).run(await_future(w.pending));
       }},
  };
  return all;
}

class PendingCancellationTest
    : public CoroutineTest,
      public ::testing::WithParamInterface<Beginning> {
 protected:
  // A task that requests its own cancellation, and then begins the operation.
  Coroutine<> begin_cancelled(World& world) {
    EXPECT_TRUE(current_task().cancel("pending"));
    try {
      co_await GetParam().begin(world);
      journal_.push_back("succeeded");
    } catch (const CancelledError& error) {
      journal_.push_back(error.what());
      throw;
    }
    co_await sleep(0s);
    journal_.push_back("not reached");
  }

  Coroutine<> hold(World& world, Future<int> until) {
    co_await world.held.acquire();
    co_await until;
    world.held.release();
  }

  Journal journal_;
};

INSTANTIATE_TEST_SUITE_P(Operations, PendingCancellationTest,
                         ::testing::ValuesIn(operations()),
                         [](const auto& row) { return row.param.name; });

TEST_P(PendingCancellationTest, ThrowsWhereTheTaskIsSuspended) {
  World world(f_.loop);
  const auto until = make<int>();
  const auto holder = start(hold(world, until));
  f_.turn();
  const auto task = start(begin_cancelled(world));
  f_.run_for(2s);
  ASSERT_TRUE(task.done());
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(journal_,
            GetParam().suspends ? Journal{"pending"} : Journal{"succeeded"});
  until.set_result(1);
  run(holder);
}

}  // namespace
}  // namespace loop

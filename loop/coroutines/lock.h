// One task at a time.

#ifndef LOOP_COROUTINES_LOCK_H_
#define LOOP_COROUTINES_LOCK_H_

#include <concepts>
#include <coroutine>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/dependents.h"
#include "loop/coroutines/guard.h"
#include "loop/coroutines/operation.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// Is held by one task at a time:
//
//   loop::Lock lock;
//   {
//     const auto guard = co_await lock.scoped();
//     co_await change_what_the_lock_protects();
//   }
//
// Others wait, and get it in the order in which they asked; who asks when it is
// free, but promised to one that waits, has to queue up, too. To take a free
// one does not suspend the task. A task that holds it must not ask once more:
// it would wait for itself.
//
// For tasks of one loop, and its thread; a mutex, which blocks the thread, is
// something else. It belongs to the loop of the first task that has to wait:
// those of another loop get a RuntimeError. Who waits when it is destroyed gets
// a RuntimeError, too.
//
// Port of asyncio.Lock (CPython 3.13, Lib/asyncio/locks.py).
class Lock {
 public:
  class Awaiter;
  using Acquire = Operation<Lock, Awaiter>;

  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // `co_await lock.acquire()` waits until it is free, and takes it.
  // Differs from Python: returns nothing, where that returns always True.
  Acquire acquire() { return Acquire(*this); }

  // The same, and returns a Guard, which releases it when it is destroyed.
  // Port of `async with lock`.
  Scoped<Lock> scoped() { return Scoped<Lock>(*this); }

  // Gives it back; the first that waits gets it soon. Any task may, not only
  // the one that acquired it. Throws RuntimeError if it is free.
  void release();

  bool locked() const { return locked_; }

 private:
  friend class Condition;
  friend class Guard<Lock>;
  friend class ScopedAwaiter<Lock>;

  bool try_acquire() {
    if (locked_ || !waiters_.empty()) return false;
    locked_ = true;
    return true;
  }
  void release_if_acquired() {
    if (locked_) release();
  }

  bool locked_ = false;
  BoundLoop loop_;
  WaitQueue waiters_;
  Dependents dependents_;
};

class Lock::Awaiter final : public Waiter {
 public:
  explicit Awaiter(Lock& lock) : lock_(lock) {}

  bool await_ready() { return lock_.try_acquire(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), lock_.waiters_, lock_.loop_);
  }
  void await_resume() {
    if (has_waited()) take_over();
  }

 private:
  void take_over();

  Lock& lock_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_LOCK_H_

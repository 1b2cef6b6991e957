// `Lock`: mutual exclusion between tasks.

#ifndef LOOP_LOCKS_LOCK_H_
#define LOOP_LOCKS_LOCK_H_

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/guard.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"

namespace loop {

/// Mutual exclusion between the tasks of one loop.
///
/// ```cpp
/// loop::Lock lock;
/// {
///   const auto guard = co_await lock.scoped();
///   co_await change_the_protected_data();
/// }
/// ```
///
/// Waiting tasks get the lock in FIFO order; a task that asks while an earlier
/// waiter has been promised the lock queues behind it. acquire() on a free lock
/// does not suspend the task. Not recursive: a task that acquires a lock it
/// holds waits for itself.
///
/// For the tasks of one loop, in its thread; a mutex, which blocks the thread,
/// is something else. The lock belongs to the loop of the first task that has
/// to wait. Tasks of another loop get a RuntimeError, and so do tasks that wait
/// when the lock is destroyed.
///
/// Differs from Python: release() passes over a waiter that has been cancelled;
/// in asyncio that waiter hands the lock on when it runs, an iteration later.
///
/// Port of asyncio.Lock (CPython 3.15, Lib/asyncio/locks.py).
class Lock {
 public:
  class Awaiter;
  /// The awaitable that acquire() returns.
  using Acquire = Operation<Lock, Awaiter>;

  /// Makes a free lock.
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// `co_await lock.acquire()` waits until the lock is free, and takes it.
  ///
  /// Differs from Python: returns nothing; Python always returns True.
  Acquire acquire() { return Acquire(*this); }

  /// `co_await lock.scoped()` acquires the lock and returns a Guard, whose
  /// destructor releases it. Port of `async with lock`.
  Scoped<Lock> scoped() { return Scoped<Lock>(*this); }

  /// Releases the lock and wakes the first waiter. Any task may call it, not
  /// only the one that acquired the lock. Throws RuntimeError if the lock is
  /// free.
  void release();

  /// Returns whether a task holds the lock.
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
  Lifetime lifetime_;
};

class Lock::Awaiter final : public Waiter, public FrameAwaiter<Lock::Awaiter> {
 public:
  explicit Awaiter(Lock& lock) : lock_(lock) {}

  bool await_ready() { return lock_.try_acquire(); }
  void suspend(Frame& frame) { start(frame, lock_.waiters_, lock_.loop_); }
  void await_resume() {
    if (has_waited()) take_over();
  }

 private:
  void take_over();

  Lock& lock_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_LOCK_H_

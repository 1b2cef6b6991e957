// `Condition`: waiting for a change of the data that a lock protects.

#ifndef LOOP_LOCKS_CONDITION_H_
#define LOOP_LOCKS_CONDITION_H_

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

#include "loop/coroutines/coroutine.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/guard.h"
#include "loop/locks/lock.h"
#include "loop/locks/wait_queue.h"

namespace loop {

/// A condition variable for the tasks of one loop.
///
/// A task that holds the lock waits until another task, which has changed the
/// protected data, notifies it:
///
/// ```cpp
/// const auto guard = co_await condition.scoped();
/// const auto has_room = [&] { return used < size; };
/// co_await condition.wait_for(has_room);
/// ```
///
/// Use it in the loop's thread. The condition belongs to the loop of the first
/// task that has to wait. Tasks of another loop get a RuntimeError, and so do
/// tasks that are waiting when the condition is destroyed.
///
/// Port of asyncio.Condition (CPython 3.15, Lib/asyncio/locks.py).
class Condition {
 public:
  /// Makes a condition with a lock of its own.
  Condition() : lock_(own_lock_) {}
  /// Makes a condition that uses `lock`. The lock must outlive the condition;
  /// waiting tasks may outlive both. Several conditions may share a lock.
  explicit Condition(Lock& lock) : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Acquires the lock. See Lock::acquire().
  Lock::Acquire acquire() { return lock_.acquire(); }
  /// Acquires the lock and returns a Guard. See Lock::scoped().
  Scoped<Lock> scoped() { return lock_.scoped(); }
  /// Releases the lock. See Lock::release().
  void release() { lock_.release(); }
  /// Returns whether the lock is held. See Lock::locked().
  bool locked() const { return lock_.locked(); }

  /// `co_await condition.wait()` releases the lock, waits for a notification,
  /// and acquires the lock again.
  ///
  /// If the lock is free when wait() is awaited, wait() throws RuntimeError and
  /// does not acquire the lock. Otherwise the task holds the lock after wait()
  /// has returned or thrown, if the lock still exists. wait() may return
  /// without a notification: check the data again, or use wait_for().
  Coroutine<> wait();

  /// `co_await condition.wait_for(predicate)` waits until predicate() is true,
  /// and returns its result. The lock is held when predicate() is called.
  template <std::invocable Predicate>
  Coroutine<std::invoke_result_t<Predicate&>> wait_for(Predicate predicate) {
    for (;;) {
      if (auto result = predicate()) co_return result;
      co_await wait();
    }
  }

  /// Wakes the first `n` waiters, which resume once they have the lock;
  /// notify() does not release it. Throws RuntimeError if the lock is free.
  void notify(int n = 1);
  /// Wakes all waiters. Throws RuntimeError if the lock is free.
  void notify_all() { notify(std::numeric_limits<int>::max()); }

 private:
  class Notified;

  void wake(int n);

  Lock own_lock_;
  Lock& lock_;
  BoundLoop loop_;
  WaitQueue waiters_;
  Lifetime lifetime_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_CONDITION_H_

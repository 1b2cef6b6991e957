// Waiting, with a lock, for what that lock protects to change.

#ifndef LOOP_COROUTINES_CONDITION_H_
#define LOOP_COROUTINES_CONDITION_H_

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/dependents.h"
#include "loop/coroutines/guard.h"
#include "loop/coroutines/lock.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// Who holds the lock, and finds that what it protects is not as it should be,
// waits until another, who has changed it, notifies:
//
//   const auto guard = co_await condition.scoped();
//   const auto has_room = [&] { return used < size; };
//   co_await condition.wait_for(has_room);
//
// In all the rest it is as Lock, with regard to threads, loops and its end.
// Port of asyncio.Condition (CPython 3.13, Lib/asyncio/locks.py).
class Condition {
 public:
  Condition() : lock_(own_lock_) {}
  // `lock` must outlive it, but not those who wait. Several conditions may
  // share one.
  explicit Condition(Lock& lock) : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // Those of the lock.
  Lock::Acquire acquire() { return lock_.acquire(); }
  Scoped<Lock> scoped() { return lock_.scoped(); }
  void release() { lock_.release(); }
  bool locked() const { return lock_.locked(); }

  // Releases the lock, waits until it is notified, and acquires the lock again,
  // which it holds in any case when this returns or throws, as long as that
  // exists. It may return without a reason, so look again: or see wait_for().
  // Throws RuntimeError if the lock is free.
  Coroutine<> wait();

  // Waits until predicate() is true; returns what that returns. It is called
  // with the lock held.
  template <std::invocable Predicate>
  Coroutine<std::invoke_result_t<Predicate&>> wait_for(Predicate predicate) {
    for (;;) {
      if (auto result = predicate()) co_return result;
      co_await wait();
    }
  }

  // Wakes `n` of those that wait, the first ones. They go on when they have the
  // lock, which this does not release. Throws RuntimeError if it is free.
  void notify(int n = 1);
  void notify_all() { notify(std::numeric_limits<int>::max()); }

 private:
  class Notified;

  void wake(int n);

  Lock own_lock_;
  Lock& lock_;
  BoundLoop loop_;
  WaitQueue waiters_;
  Dependents dependents_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_CONDITION_H_

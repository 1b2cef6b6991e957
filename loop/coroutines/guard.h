// `async with lock:`

#ifndef LOOP_COROUTINES_GUARD_H_
#define LOOP_COROUTINES_GUARD_H_

#include <concepts>
#include <coroutine>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/dependents.h"
#include "loop/coroutines/operation.h"

namespace loop {

// Holds a lock or a semaphore, and releases it when it is destroyed, unless it
// is free then. What it holds is not to be released by hand: another task may
// have acquired it by the time the guard dies. Can be moved. What it holds may
// be destroyed before it, as it happens when a loop closes, whose tasks are
// destroyed one after the other.
template <class Lock>
class [[nodiscard]] Guard : private Dependent {
 public:
  // `lock` has been acquired.
  Guard(Lock& lock, Dependents& dependents)
      : Dependent(dependents), lock_(lock) {}
  Guard(Guard&&) = default;
  ~Guard() {
    if (object_exists()) lock_.release_if_acquired();
  }

 private:
  Lock& lock_;
};

// Acquires the lock, and gives the guard that holds it.
template <class Lock>
class ScopedAwaiter {
 public:
  explicit ScopedAwaiter(Lock& lock) : lock_(lock), acquire_(lock) {}

  bool await_ready() { return acquire_.await_ready(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    acquire_.await_suspend(self);
  }
  Guard<Lock> await_resume() {
    acquire_.await_resume();
    return Guard<Lock>(lock_, lock_.dependents_);
  }

 private:
  Lock& lock_;
  typename Lock::Awaiter acquire_;
};

// What scoped() returns, to be awaited.
template <class Lock>
using Scoped = Operation<Lock, ScopedAwaiter<Lock>>;

}  // namespace loop

#endif  // LOOP_COROUTINES_GUARD_H_

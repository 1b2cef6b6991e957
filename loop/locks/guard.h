// `Guard`: the holder of a lock or semaphore, the C++ form of `async with`.

#ifndef LOOP_LOCKS_GUARD_H_
#define LOOP_LOCKS_GUARD_H_

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/operation.h"

namespace loop {

/// The holder of a lock or a semaphore, from scoped(). The destructor releases
/// the lock.
///
/// ```cpp
/// const auto guard = co_await lock.scoped();  // Held until the block ends.
/// ```
///
/// Movable. Do not call release() on a lock that a guard holds: another task
/// may have acquired the lock by the time the guard releases it. The lock may
/// be destroyed before the guard, as happens when a loop closes and destroys
/// its tasks one after another.
template <class Lock>
class [[nodiscard]] Guard : private LifetimeObserver {
 public:
  /// Takes over `lock`, which has been acquired.
  Guard(Lock& lock, Lifetime& lifetime)
      : LifetimeObserver(lifetime), lock_(lock) {}
  /// Moves the guard; the moved-from guard releases nothing.
  Guard(Guard&&) noexcept = default;
  /// Releases the lock, if the lock still exists and is held.
  ~Guard() {
    if (object_exists()) lock_.release_if_acquired();
  }

 private:
  Lock& lock_;
};

/// The awaiter of scoped(): acquires the lock and returns its guard.
template <class Lock>
class ScopedAwaiter : public FrameAwaiter<ScopedAwaiter<Lock>> {
 public:
  explicit ScopedAwaiter(Lock& lock) : lock_(lock), acquire_(lock) {}

  bool await_ready() { return acquire_.await_ready(); }
  void suspend(Frame& frame) { acquire_.suspend(frame); }
  Guard<Lock> await_resume() {
    acquire_.await_resume();
    return Guard<Lock>(lock_, lock_.lifetime_);
  }

 private:
  Lock& lock_;
  typename Lock::Awaiter acquire_;
};

/// The awaitable that scoped() returns.
template <class Lock>
using Scoped = Operation<Lock, ScopedAwaiter<Lock>>;

}  // namespace loop

#endif  // LOOP_LOCKS_GUARD_H_

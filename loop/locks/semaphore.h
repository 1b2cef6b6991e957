// `Semaphore`, `BoundedSemaphore`: a limit on the number of tasks in a section.

#ifndef LOOP_LOCKS_SEMAPHORE_H_
#define LOOP_LOCKS_SEMAPHORE_H_

#include <limits>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/lifetime.h"
#include "loop/locks/guard.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"

namespace loop {

/// A counter of the tasks that may still acquire the semaphore.
///
/// acquire() decrements the counter, and waits while the counter is 0, in FIFO
/// order. Any task may release the semaphore, also more often than it was
/// acquired.
///
/// ```cpp
/// loop::Semaphore connections(10);
/// const auto guard = co_await connections.scoped();  // At most ten at a time.
/// ```
///
/// For the tasks of one loop, in its thread. The semaphore belongs to the loop
/// of the first task that has to wait. Tasks of another loop get a
/// RuntimeError, and so do tasks that wait when the semaphore is destroyed.
///
/// Port of asyncio.Semaphore (CPython 3.15, Lib/asyncio/locks.py).
class Semaphore {
 public:
  class Awaiter;
  /// The awaitable that acquire() returns.
  using Acquire = Operation<Semaphore, Awaiter>;

  /// Makes a semaphore that `value` tasks may acquire. Throws ValueError if
  /// `value` is negative.
  explicit Semaphore(int value = 1)
      : Semaphore(value, std::numeric_limits<int>::max()) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// `co_await semaphore.acquire()` waits until the counter is positive, and
  /// decrements it.
  ///
  /// Differs from Python: returns nothing; Python always returns True.
  Acquire acquire() { return Acquire(*this); }

  /// `co_await semaphore.scoped()` acquires the semaphore and returns a Guard,
  /// whose destructor releases it. Port of `async with semaphore`.
  ///
  /// Differs from Python: if a BoundedSemaphore has been released by hand
  /// meanwhile, so that it has its initial value, the Guard does nothing.
  /// There, `async with` raises ValueError at its end.
  Scoped<Semaphore> scoped() { return Scoped<Semaphore>(*this); }

  /// Increments the counter or, if tasks wait, hands the semaphore to the first
  /// of them. Throws ValueError if a BoundedSemaphore would exceed its initial
  /// value.
  void release();

  /// Returns whether acquire() would wait: the counter is 0, or tasks wait.
  bool locked() const { return value_ == 0 || !waiters_.empty(); }

 protected:
  Semaphore(int value, int bound);

 private:
  friend class Guard<Semaphore>;
  friend class ScopedAwaiter<Semaphore>;

  bool try_acquire() {
    if (locked()) return false;
    --value_;
    return true;
  }
  bool wake_next();
  void release_if_acquired() {
    if (value_ < bound_) release();
  }

  int value_;
  const int bound_;
  BoundLoop loop_;
  WaitQueue waiters_;
  Lifetime lifetime_;
};

/// A semaphore that must not be released more often than it was acquired.
///
/// ```cpp
/// loop::BoundedSemaphore connections(10);
/// const auto guard = co_await connections.scoped();
/// ```
///
/// An extra release() throws ValueError. For the tasks of one loop, in its
/// thread. Port of asyncio.BoundedSemaphore (CPython 3.15,
/// Lib/asyncio/locks.py).
class BoundedSemaphore : public Semaphore {
 public:
  /// Makes a semaphore that `value` tasks may acquire. Throws ValueError if
  /// `value` is negative.
  explicit BoundedSemaphore(int value = 1) : Semaphore(value, value) {}
};

class Semaphore::Awaiter final : public Waiter,
                                 public FrameAwaiter<Semaphore::Awaiter> {
 public:
  explicit Awaiter(Semaphore& semaphore) : semaphore_(semaphore) {}

  bool await_ready() { return semaphore_.try_acquire(); }
  void suspend(Frame& frame) {
    start(frame, semaphore_.waiters_, semaphore_.loop_);
  }
  void await_resume() {
    if (has_waited()) take_over();
  }

 private:
  void take_over();

  Semaphore& semaphore_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_SEMAPHORE_H_

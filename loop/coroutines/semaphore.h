// A number of tasks at a time.

#ifndef LOOP_COROUTINES_SEMAPHORE_H_
#define LOOP_COROUTINES_SEMAPHORE_H_

#include <concepts>
#include <coroutine>
#include <limits>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/dependents.h"
#include "loop/coroutines/guard.h"
#include "loop/coroutines/operation.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// A counter of how many more tasks may acquire it: each takes one, and those
// that find 0 wait, and are served in the order in which they asked. It can be
// released by others than those who acquired it, and more often. In all the
// rest it is as Lock, with regard to threads, loops and its end.
// Port of asyncio.Semaphore (CPython 3.13, Lib/asyncio/locks.py).
class Semaphore {
 public:
  class Awaiter;
  using Acquire = Operation<Semaphore, Awaiter>;

  // Throws ValueError if `value` is negative.
  explicit Semaphore(int value = 1)
      : Semaphore(value, std::numeric_limits<int>::max()) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // `co_await semaphore.acquire()` waits until one is left, and takes it.
  // Differs from Python: returns nothing, where that returns always True.
  Acquire acquire() { return Acquire(*this); }

  // The same, and returns a Guard, which releases it when it is destroyed.
  // Port of `async with semaphore`.
  Scoped<Semaphore> scoped() { return Scoped<Semaphore>(*this); }

  // Gives one back; the first that waits gets it. Throws ValueError if that
  // makes more than there may be, as BoundedSemaphore has it.
  void release();

  // Would acquire() have to wait? Also if others do, although some are left.
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
  Dependents dependents_;
};

// One that must not be released more often than it was acquired.
// Port of asyncio.BoundedSemaphore.
class BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(int value = 1) : Semaphore(value, value) {}
};

class Semaphore::Awaiter final : public Waiter {
 public:
  explicit Awaiter(Semaphore& semaphore) : semaphore_(semaphore) {}

  bool await_ready() { return semaphore_.try_acquire(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), semaphore_.waiters_, semaphore_.loop_);
  }
  void await_resume() {
    if (has_waited()) take_over();
  }

 private:
  void take_over();

  Semaphore& semaphore_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_SEMAPHORE_H_

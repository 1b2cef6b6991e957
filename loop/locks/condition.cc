#include "loop/locks/condition.h"

#include <exception>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/errors.h"
#include "loop/locks/operation.h"
#include "selectors/errors.h"

namespace loop {

// The awaiter that waits for a notification.
class Condition::Notified final : public Waiter,
                                  public FrameAwaiter<Condition::Notified> {
 public:
  explicit Notified(Condition& condition) : condition_(condition) {}

  bool await_ready() const { return false; }
  void suspend(Frame& frame) {
    start(frame, condition_.waiters_, condition_.loop_);
  }
  void await_resume() { end_or_throw(); }

 private:
  Condition& condition_;
};

// wait() always ends with the lock acquired. Before that, and while the task
// waits for the lock, both the condition and the lock may be destroyed.
Coroutine<> Condition::wait() {
  if (!locked()) {
    throw selectors::RuntimeError("cannot wait on un-acquired lock");
  }
  const LifetimeObserver waiting(lifetime_);
  Lock& lock = lock_;
  const LifetimeObserver locking(lock.lifetime_);
  loop_.bind(TaskCore::running());  // Throws while the lock is still held.
  lock.release();
  std::exception_ptr error;  // The last, if cancelled more than once.
  try {
    co_await Operation<Condition, Notified>(*this);
  } catch (...) {
    error = std::current_exception();
  }
  for (bool acquired = false; !acquired && locking.object_exists();) {
    try {
      co_await lock.acquire();
      acquired = true;
    } catch (const CancelledError&) {
      error = std::current_exception();
    } catch (...) {
      if (!error || locking.object_exists()) throw;
    }
  }
  if (!waiting.object_exists()) {
    if (!error) throw_destroyed(TaskCore::running());
    std::rethrow_exception(error);
  }
  if (!error) co_return;
  // This task may have been notified before; the notification goes to another.
  wake(1);
  std::rethrow_exception(error);
}

void Condition::notify(int n) {
  if (!locked()) {
    throw selectors::RuntimeError("cannot notify on un-acquired lock");
  }
  wake(n);
}

void Condition::wake(int n) {
  while (n > 0 && waiters_.wake_first()) --n;
}

}  // namespace loop

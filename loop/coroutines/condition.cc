#include "loop/coroutines/condition.h"

#include <concepts>
#include <coroutine>
#include <exception>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/operation.h"
#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

// Waits until it is woken.
class Condition::Notified final : public Waiter {
 public:
  explicit Notified(Condition& condition) : condition_(condition) {}

  bool await_ready() const { return false; }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), condition_.waiters_, condition_.loop_);
  }
  void await_resume() { end_or_throw(); }

 private:
  Condition& condition_;
};

Coroutine<> Condition::wait() {
  if (!locked()) {
    throw selectors::RuntimeError("cannot wait on un-acquired lock");
  }
  release();
  std::exception_ptr cancelled;  // The last, if it happens more than once.
  try {
    co_await Operation<Condition, Notified>(*this);
  } catch (const CancelledError&) {
    cancelled = std::current_exception();
  }
  for (bool acquired = false; !acquired;) {
    try {
      co_await acquire();
      acquired = true;
    } catch (const CancelledError&) {
      cancelled = std::current_exception();
    }
  }
  if (!cancelled) co_return;
  // It may have been notified before, which another has to hear of.
  wake(1);
  std::rethrow_exception(cancelled);
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

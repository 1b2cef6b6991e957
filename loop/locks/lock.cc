#include "loop/locks/lock.h"

#include "selectors/errors.h"

namespace loop {

void Lock::release() {
  if (!locked_) throw selectors::RuntimeError("Lock is not acquired.");
  // First, as this may run out of memory. The waiter runs later.
  waiters_.wake_first();
  locked_ = false;
}

// No other task can have taken the lock meanwhile: a woken waiter makes
// newcomers wait.
void Lock::Awaiter::take_over() {
  if (end()) {
    lock_.locked_ = true;
    return;
  }
  lock_.waiters_.wake_first();
  throw_cancelled();
}

}  // namespace loop

#include "loop/locks/semaphore.h"

#include "selectors/errors.h"

namespace loop {

Semaphore::Semaphore(int value, int bound) : value_(value), bound_(bound) {
  if (value < 0) {
    throw selectors::ValueError("Semaphore initial value must be >= 0");
  }
}

void Semaphore::release() {
  if (value_ >= bound_) {
    throw selectors::ValueError("BoundedSemaphore released too many times");
  }
  // A woken waiter has acquired the semaphore already. The waiter is woken
  // first, as this may run out of memory.
  if (!waiters_.wake_first()) ++value_;
}

// A woken waiter has acquired the semaphore already, so the counter is
// decremented here, and no other task can take it.
bool Semaphore::wake_next() {
  if (value_ == 0 || !waiters_.wake_first()) return false;
  --value_;
  return true;
}

void Semaphore::Awaiter::take_over() {
  const bool acquired = end();
  if (!acquired) ++semaphore_.value_;
  // Other tasks may have queued up only because this one was to run first.
  while (semaphore_.wake_next()) {
  }
  if (!acquired) throw_cancelled();
}

}  // namespace loop

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
  // Who is woken has it already. First, as there may be no memory for that.
  if (!waiters_.wake_first()) ++value_;
}

// Who is woken has one already, so that nobody else can take it.
bool Semaphore::wake_next() {
  if (value_ == 0 || !waiters_.wake_first()) return false;
  --value_;
  return true;
}

void Semaphore::Awaiter::take_over() {
  const bool acquired = end();
  if (!acquired) ++semaphore_.value_;
  // Others may have queued up only because this one was to run first.
  while (semaphore_.wake_next()) {
  }
  if (!acquired) throw_cancelled();
}

}  // namespace loop

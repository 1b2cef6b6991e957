#include "loop/locks/lock.h"

#include "selectors/errors.h"

namespace loop {

void Lock::release() {
  if (!locked_) throw selectors::RuntimeError("Lock is not acquired.");
  waiters_.wake_first();  // First, as there may be no memory for that.
  locked_ = false;
}

// Nobody can have taken it meanwhile: who is woken keeps newcomers waiting.
void Lock::Awaiter::take_over() {
  if (end()) {
    lock_.locked_ = true;
    return;
  }
  lock_.waiters_.wake_first();
  throw_cancelled();
}

}  // namespace loop

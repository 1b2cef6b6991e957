#include "loop/coroutines/future_awaiter.h"

#include "loop/futures/errors.h"
#include "selectors/errors.h"

namespace loop {

// The future may have ended with a CancelledError of its own, as gather() does;
// then that error is thrown. The future is pending if tasks await one another
// in a cycle.
void FutureBlocker::end_cancelled() {
  if (future_.cancelled()) return;
  if (future_.done() && is_cancelled_error(future_.exception())) return;
  task_->throw_cancelled();
}

void FutureBlocker::throw_not_awaitable(const TaskCore& task) const {
  throw selectors::RuntimeError(
      task.get_name() +
      (&future_ == &task.future()
           ? " cannot await itself"
           : " got a future that is attached to a different loop"));
}

}  // namespace loop

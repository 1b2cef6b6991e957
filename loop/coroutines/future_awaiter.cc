#include "loop/coroutines/future_awaiter.h"

#include "selectors/errors.h"

namespace loop {

void FutureWait::throw_not_awaitable(const TaskCore& task) const {
  throw selectors::RuntimeError(
      task.get_name() +
      (&future_ == &task.future()
           ? " cannot await itself"
           : " got a future that is attached to a different loop"));
}

}  // namespace loop

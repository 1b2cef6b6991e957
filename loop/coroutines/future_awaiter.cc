#include "loop/coroutines/future_awaiter.h"

#include "selectors/errors.h"

namespace loop {

void FutureWait::check(const TaskCore& task) const {
  if (&future_ == &task.future()) {
    throw selectors::RuntimeError("Task cannot await on itself: " +
                                  task.get_name());
  }
  if (future_.loop_reference() != task.future().loop_reference()) {
    throw selectors::RuntimeError(task.get_name() +
                                  " got a future attached to a different loop");
  }
}

}  // namespace loop

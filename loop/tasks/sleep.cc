#include "loop/tasks/sleep.h"

#include <string>

namespace loop {

// The task continues in the callback of the timer itself. No other task can
// wait for this timer, so no wake-up has to be scheduled first.
void Sleep::Awaiter::start(Frame& frame) {
  timer_ = task_->loop().call_later(
      delay_, [task = task_] { task->step(); }, frame.where());
  try {
    task_->block_on(*this);
  } catch (...) {
    timer_->cancel();  // Or it would step the task after this wait.
    throw;
  }
}

bool Sleep::Awaiter::cancel(const std::string& message) {
  if (timer_->cancelled()) return false;
  task_->wake_up_cancelled(message);
  timer_->cancel();
  return true;
}

}  // namespace loop

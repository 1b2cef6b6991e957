#include "loop/tasks/sleep.h"

#include <string>

namespace loop {

// When its time has come, the task goes on in the timer's own callback: nobody
// else waits for this, who would have to be told first.
void Sleep::Awaiter::start(Frame& frame) {
  timer_ = task_->loop().call_later(
      delay_, [task = task_] { task->step(); }, frame.where());
  try {
    task_->block_on(*this);
  } catch (...) {
    timer_->cancel();  // Or it would find this gone, and the task going on.
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

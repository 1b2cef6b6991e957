#include "loop/coroutines/sleep.h"

#include <chrono>
#include <string>

namespace loop {

// When its time has come, the task goes on in the timer's own callback: nobody
// else waits for this, who would have to be told first.
void Sleep::start(Frame& frame) {
  task_ = &static_cast<TaskCore&>(frame.call_stack());
  if (delay_ <= std::chrono::nanoseconds::zero()) return task_->wake_up();
  timer_ = task_->loop().call_later(
      delay_, [task = task_] { task->step(); }, frame.where());
  task_->wait_for(*this);
}

bool Sleep::cancel(const std::string&) {
  if (!timer_.cancelled()) {
    timer_.cancel();
    task_->wake_up();
  }
  return false;  // The task keeps in mind that it was cancelled.
}

}  // namespace loop

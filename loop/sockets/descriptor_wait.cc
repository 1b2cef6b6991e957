#include "loop/sockets/descriptor_wait.h"

#include <exception>
#include <string>

namespace loop {

void DescriptorWait::start(Frame& frame) {
  TaskCore& task = TaskCore::of(frame);
  task.loop().wait(fd_, side_, *this, frame.where());
  task_ = &task;
  is_waiting_ = true;
  task.block_on(*this);  // If it throws, the destructor ends the wait.
}

void DescriptorWait::ready() {
  try {
    if (!attempt()) return;
  } catch (...) {
    exception_ = std::current_exception();
  }
  end();
  task_->step();
}

void DescriptorWait::failed() { task_->step(); }

bool DescriptorWait::cancel(const std::string& message) {
  if (error()) return false;  // failed() is about to be called.
  task_->wake_up_cancelled(message);
  end();
  return true;
}

void DescriptorWait::end() {
  is_waiting_ = false;
  task_->loop().end_wait(fd_, side_, keep_);
}

// The loop may destroy a waiting task when it closes.
DescriptorWait::~DescriptorWait() {
  if (is_waiting_ && !error()) end();
}

}  // namespace loop

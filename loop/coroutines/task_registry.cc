#include "loop/coroutines/task_registry.h"

namespace loop {

void TaskRegistry::add(TaskCore& task) {
  task.retain();
  task.previous_ = last_;
  task.next_ = nullptr;
  (last_ == nullptr ? first_ : last_->next_) = &task;
  last_ = &task;
}

void TaskRegistry::remove(TaskCore& task) noexcept {
  (task.previous_ == nullptr ? first_ : task.previous_->next_) = task.next_;
  (task.next_ == nullptr ? last_ : task.next_->previous_) = task.previous_;
  task.release();
}

// The last one first, as one that another has started may refer to what is in
// the other's frames.
TaskRegistry::~TaskRegistry() {
  while (last_ != nullptr) {
    TaskCore& task = *last_;
    task.destroy_pending();
    remove(task);
  }
}

}  // namespace loop

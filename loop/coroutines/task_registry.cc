#include "loop/coroutines/task_registry.h"

namespace loop {

// Destroys the newest task first, since a task may refer to variables in the
// frames of the task that started it. In a child of fork() that calls exit() in
// a task, the frame of that task is in use, and the task is only unlinked.
TaskRegistry::~TaskRegistry() {
  while (!tasks_.empty()) {
    TaskCore& task = tasks_.back();
    if (task.is_in_forked_step()) {
      task.unlink();
      continue;
    }
    task.destroy_pending();
    remove(task);
  }
}

}  // namespace loop

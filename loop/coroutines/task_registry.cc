#include "loop/coroutines/task_registry.h"

namespace loop {

// The last one first, as one that another has started may refer to what is in
// the other's frames. In a child of fork() that calls exit() in a task, the
// frame of that task is in use.
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

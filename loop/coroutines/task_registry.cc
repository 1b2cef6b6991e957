#include "loop/coroutines/task_registry.h"

namespace loop {

// The last one first, as one that another has started may refer to what is in
// the other's frames.
TaskRegistry::~TaskRegistry() {
  while (!tasks_.empty()) {
    TaskCore& task = tasks_.back();
    task.destroy_pending();
    remove(task);
  }
}

}  // namespace loop

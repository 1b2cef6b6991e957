// The tasks of one loop.

#ifndef LOOP_COROUTINES_TASK_REGISTRY_H_
#define LOOP_COROUTINES_TASK_REGISTRY_H_

#include <cstdint>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/coroutines/task_core.h"

namespace loop {

// Owns those that are not done, so that nobody else need keep one that works on
// its own. Destroys what is pending when the loop closes.
class TaskRegistry : public LoopExtension {
 public:
  explicit TaskRegistry(EventLoop&) {}
  ~TaskRegistry() override;

  std::uint64_t next_number() { return ++last_number_; }

  void add(TaskCore& task);
  void remove(TaskCore& task) noexcept;  // May destroy it.

  // Calls f(task) for each, in the order in which they started.
  template <class F>
  void for_each(F f) const {
    for (TaskCore* task = first_; task != nullptr; task = task->next_) {
      f(*task);
    }
  }

 private:
  TaskCore* first_ = nullptr;
  TaskCore* last_ = nullptr;
  std::uint64_t last_number_ = 0;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_REGISTRY_H_

// `TaskRegistry`: the pending tasks of one loop.

#ifndef LOOP_COROUTINES_TASK_REGISTRY_H_
#define LOOP_COROUTINES_TASK_REGISTRY_H_

#include <cstdint>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

// Owns the tasks of a loop that are not done, so that a task needs no other
// owner. Destroys the pending tasks when the loop closes.
class TaskRegistry : public LoopExtension {
 public:
  explicit TaskRegistry(EventLoop& event_loop) : loop_(event_loop) {}
  ~TaskRegistry() override;
  void after_fork_in_child() override { TaskCore::resume_in_child(loop_); }

  std::uint64_t next_number() { return ++last_number_; }

  void add(TaskCore& task) {
    task.retain();
    tasks_.push_back(task);
  }
  // Removes the task, and destroys it if the registry holds the last reference.
  static void remove(TaskCore& task) noexcept {
    task.unlink();
    task.release();
  }

  // Returns the pending tasks in the order in which they started.
  const IntrusiveList<TaskCore>& tasks() const { return tasks_; }

 private:
  EventLoop& loop_;
  IntrusiveList<TaskCore> tasks_;
  std::uint64_t last_number_ = 0;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_REGISTRY_H_

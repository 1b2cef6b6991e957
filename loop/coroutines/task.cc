#include "loop/coroutines/task.h"

#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/task_registry.h"

namespace loop {

AnyTask current_task() { return AnyTask(TaskCore::running()); }

std::vector<AnyTask> all_tasks(EventLoop& event_loop) {
  std::vector<AnyTask> tasks;
  if (event_loop.is_closed()) return tasks;
  event_loop.extension<TaskRegistry>().tasks().for_each(
      [&](TaskCore& task) { tasks.emplace_back(task); });
  return tasks;
}

std::vector<AnyTask> all_tasks() { return all_tasks(get_running_loop()); }

}  // namespace loop

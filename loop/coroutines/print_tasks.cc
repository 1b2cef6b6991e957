#include "loop/coroutines/print_tasks.h"

#include <signal.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/coroutines/task_registry.h"
#include "loop/futures/future_state.h"

namespace loop {
namespace {

using Tasks = std::vector<const TaskCore*>;

// The tasks behind a future: itself, or those that it stands for.
void add_tasks(FutureState& future, Tasks& tasks) {
  if (const auto* const task = dynamic_cast<TaskCore*>(&future)) {
    if (!future.done()) tasks.push_back(task);
    return;
  }
  future.for_each_awaited([&](FutureState& inner) { add_tasks(inner, tasks); });
}

Tasks awaited_by(const TaskCore& task) {
  Tasks tasks;
  const Wait* const wait = task.wait();
  FutureState* const future = wait == nullptr ? nullptr : wait->future();
  if (future != nullptr) add_tasks(*future, tasks);
  return tasks;
}

// The first one first.
std::vector<const Frame*> frames_of(const TaskCore& task) {
  std::vector<const Frame*> frames;
  for (const Frame* frame = task.innermost(); frame != nullptr;
       frame = frame->caller()) {
    frames.push_back(frame);
  }
  std::reverse(frames.begin(), frames.end());
  return frames;
}

class Drawing {
 public:
  explicit Drawing(EventLoop& event_loop) {
    Tasks all;
    std::set<const TaskCore*> awaited;
    event_loop.extension<TaskRegistry>().tasks().for_each(
        [&](const TaskCore& task) {
          all.push_back(&task);
          for (const TaskCore* inner : awaited_by(task)) awaited.insert(inner);
        });
    for (const TaskCore* task : all) {
      if (!awaited.contains(task)) draw(*task, "", "");
    }
    // Those that are left wait for one another.
    for (const TaskCore* task : all) {
      if (!drawn_.contains(task)) draw(*task, "", "");
    }
  }

  const std::string& text() const { return text_; }

 private:
  // `head` stands before the first line, `indent` before the others.
  void draw(const TaskCore& task, const std::string& head, std::string indent) {
    text_ += head + task.get_name();
    if (!drawn_.insert(&task).second) {
      text_ += " (above)\n";
      return;
    }
    text_ += '\n';
    for (const Frame* frame : frames_of(task)) {
      text_ += indent + "└── " + frame->function() + ' ' +
               frame->where().repr() + '\n';
      indent += "    ";
    }
    const Tasks inner = awaited_by(task);
    for (const TaskCore* child : inner) {
      const bool last = child == inner.back();
      draw(*child, indent + (last ? "└── " : "├── "),
           indent + (last ? "    " : "│   "));
    }
  }

  std::string text_;
  std::set<const TaskCore*> drawn_;
};

}  // namespace

std::string format_tasks(EventLoop& event_loop) {
  event_loop.check_thread("format_tasks");
  return event_loop.is_closed() ? "" : Drawing(event_loop).text();
}

void print_tasks(EventLoop& event_loop, std::FILE* file) {
  std::fputs(format_tasks(event_loop).c_str(), file);
  std::fflush(file);
}

void print_tasks_on_signal(EventLoop& event_loop) {
  event_loop.add_signal_handler(SIGUSR2,
                                [&event_loop] { print_tasks(event_loop); });
}

}  // namespace loop

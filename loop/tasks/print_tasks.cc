#include "loop/tasks/print_tasks.h"

#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/coroutines/task_registry.h"
#include "loop/futures/future_core.h"

namespace loop {
namespace {

using Tasks = std::vector<const TaskCore*>;

bool is_task(FutureCore* future) {
  return dynamic_cast<TaskCore*>(future) != nullptr;
}

// Returns the pending tasks behind a future: the future itself, or the tasks
// that it stands for.
Tasks tasks_behind(FutureCore* first) {
  Tasks tasks;
  std::unordered_set<FutureCore*> seen;
  std::vector<FutureCore*> left{first};
  while (!left.empty()) {
    FutureCore* const future = left.back();
    left.pop_back();
    if (const auto* const task = dynamic_cast<TaskCore*>(future)) {
      if (!future->done()) tasks.push_back(task);
    } else if (seen.insert(future).second) {
      const auto size = static_cast<std::ptrdiff_t>(left.size());
      future->for_each_awaited(
          [&](FutureCore& inner) { left.push_back(&inner); });
      std::reverse(left.begin() + size, left.end());
    }
  }
  return tasks;
}

// Returns the coroutines of a task, the first one first.
std::vector<const Frame*> frames_of(const TaskCore& task) {
  std::vector<const Frame*> frames;
  for (const Frame* frame = task.innermost(); frame != nullptr;
       frame = frame->caller()) {
    frames.push_back(frame);
  }
  std::reverse(frames.begin(), frames.end());
  return frames;
}

// The margin of a line: its indentation in the tree. Beyond kDeepest a line
// begins with its level instead, as the text of a long chain would grow with
// the square of its length.
class Margin {
 public:
  std::string text() const {
    if (level_ == 0) return "";
    if (level_ > kDeepest) return '[' + std::to_string(level_) + "] ";
    return indent_ + (is_last_ ? "└── " : "├── ");
  }

  // Returns the margin of a line below this one.
  Margin below(bool is_last) const {
    Margin margin;
    margin.level_ = level_ + 1;
    margin.is_last_ = is_last;
    if (level_ == 0 || level_ >= kDeepest) return margin;
    margin.indent_ = indent_ + (is_last_ ? "    " : "│   ");
    return margin;
  }

 private:
  static constexpr std::size_t kDeepest = 20;

  std::size_t level_ = 0;
  bool is_last_ = true;
  std::string indent_;
};

class Drawing {
 public:
  explicit Drawing(EventLoop& event_loop) {
    Tasks all;
    event_loop.extension<TaskRegistry>().tasks().for_each(
        [&](const TaskCore& task) { all.push_back(&task); });
    const auto awaited = awaited_by_any(all);
    for (const TaskCore* task : all) {
      if (!awaited.contains(task)) draw(*task);
    }
    // The tasks that are left wait for one another.
    for (const TaskCore* task : all) {
      if (!drawn_.contains(task)) draw(*task);
    }
  }

  const std::string& text() const { return text_; }

 private:
  struct Branch {
    const TaskCore* task;  // nullptr: tasks of a future that is drawn.
    Margin margin;
  };

  static std::unordered_set<const TaskCore*> awaited_by_any(const Tasks& all) {
    std::unordered_set<const TaskCore*> awaited;
    std::unordered_set<FutureCore*> seen;
    for (const TaskCore* task : all) {
      FutureCore* const future = task->awaited_future();
      if (future == nullptr || !seen.insert(future).second) continue;
      for (const TaskCore* inner : tasks_behind(future)) awaited.insert(inner);
    }
    return awaited;
  }

  // Draws the task, and all tasks that it waits for.
  void draw(const TaskCore& root) {
    branches_.push_back({&root, Margin()});
    while (!branches_.empty()) {
      const Branch branch = std::move(branches_.back());
      branches_.pop_back();
      draw(branch);
    }
  }

  void draw(const Branch& branch) {
    text_ += branch.margin.text();
    const TaskCore* const task = branch.task;
    if (task == nullptr) {
      text_ += "(above)\n";
      return;
    }
    text_ += task->get_name();
    if (!drawn_.insert(task).second) {
      text_ += " (above)\n";
      return;
    }
    text_ += "\n";
    add_branches(*task, draw_frames(*task, branch.margin));
  }

  // Draws the coroutines of a task. Returns the margin of the last one.
  Margin draw_frames(const TaskCore& task, Margin margin) {
    for (const Frame* frame : frames_of(task)) {
      margin = margin.below(true);
      text_ += margin.text() + frame->function() + ' ' + frame->where().repr() +
               '\n';
    }
    return margin;
  }

  // Adds the tasks that `task` waits for. The first is drawn next, so it is
  // added last.
  void add_branches(const TaskCore& task, const Margin& margin) {
    FutureCore* const future = task.awaited_future();
    if (future == nullptr) return;
    Tasks inner = tasks_behind(future);
    if (!is_task(future) && !drawn_futures_.insert(future).second &&
        !inner.empty()) {
      inner = {nullptr};
    }
    for (auto child = inner.rbegin(); child != inner.rend(); ++child) {
      branches_.push_back({*child, margin.below(child == inner.rbegin())});
    }
  }

  std::string text_;
  std::vector<Branch> branches_;  // To be drawn.
  std::unordered_set<const TaskCore*> drawn_;
  std::unordered_set<FutureCore*> drawn_futures_;
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

#include "loop/tasks/call_graph.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/coroutines/task_registry.h"

namespace loop {
namespace {

constexpr std::size_t kMaxIndented = 20;

// The tasks that await each future: directly, or through a future that stands
// for it, as that of a gather() does.
class Awaiters {
 public:
  explicit Awaiters(EventLoop& event_loop) {
    event_loop.extension<TaskRegistry>().tasks().for_each(
        [&](TaskCore& task) { add(task); });
  }

  const std::vector<TaskCore*>& of(FutureCore& future) {
    return awaiters_[&future];
  }

 private:
  void add(TaskCore& task) {
    FutureCore* const awaited = task.awaited_future();
    if (awaited == nullptr) return;
    std::set<FutureCore*> seen{awaited};
    std::vector<FutureCore*> left{awaited};
    while (!left.empty()) {
      FutureCore* const future = left.back();
      left.pop_back();
      awaiters_[future].push_back(&task);
      if (dynamic_cast<TaskCore*>(future) != nullptr) continue;
      // NOLINTNEXTLINE: the cast says nothing of the pointer.
      future->for_each_awaited([&](FutureCore& inner) {
        if (seen.insert(&inner).second) left.push_back(&inner);
      });
    }
  }

  std::unordered_map<FutureCore*, std::vector<TaskCore*>> awaiters_;
};

CallGraphEntry entry_of(FutureCore& future, std::size_t depth) {
  CallGraphEntry entry{"Future", depth, {}, false};
  const auto* const task = dynamic_cast<TaskCore*>(&future);
  if (task == nullptr) return entry;
  entry.name = task->get_name();
  for (const Frame* frame = task->innermost(); frame != nullptr;
       frame = frame->caller()) {
    entry.call_stack.push_back({frame->function(), frame->where()});
  }
  return entry;
}

void add_block(const CallGraphEntry& entry, bool is_awaited,
               std::string& text) {
  const std::string indent(4 * std::min(entry.depth, kMaxIndented), ' ');
  text += indent + "* " + entry.name;
  if (entry.depth > kMaxIndented) {
    text += " (level " + std::to_string(entry.depth) + ')';
  }
  text += entry.is_above ? " (above)\n" : "\n";
  if (!entry.call_stack.empty()) text += indent + "  + Call stack:\n";
  for (const auto& [function, where] : entry.call_stack) {
    text += indent;
    text += "  |   ";
    text += function;
    text += ' ' + where.repr() + '\n';
  }
  if (is_awaited) text += indent + "  + Awaited by:\n";
}

}  // namespace

CallGraph capture_call_graph(FutureCore& future) {
  future.check_thread("capture_call_graph");
  CallGraph graph;
  EventLoop* const event_loop = future.loop_reference().get();
  if (event_loop == nullptr || event_loop->is_closed()) {
    graph.push_back(entry_of(future, 0));
    return graph;
  }
  Awaiters awaiters(*event_loop);
  std::set<FutureCore*> seen;
  std::vector<std::pair<FutureCore*, std::size_t>> left{{&future, 0}};
  while (!left.empty()) {
    const auto [next, depth] = left.back();
    left.pop_back();
    graph.push_back(entry_of(*next, depth));
    if (!seen.insert(next).second) {
      graph.back().is_above = true;
      graph.back().call_stack.clear();
      continue;
    }
    const std::vector<TaskCore*>& above = awaiters.of(*next);
    for (auto task = above.rbegin(); task != above.rend(); ++task) {
      left.emplace_back(&(*task)->future(), depth + 1);
    }
  }
  return graph;
}

CallGraph capture_call_graph() { return capture_call_graph(current_task()); }

std::string format_call_graph(const CallGraph& graph) {
  std::string text;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const bool is_awaited =
        i + 1 < graph.size() && graph[i + 1].depth > graph[i].depth;
    add_block(graph[i], is_awaited, text);
  }
  return text;
}

}  // namespace loop

// `CallGraph`: the coroutines of a task, and the tasks that wait for it.

#ifndef LOOP_TASKS_CALL_GRAPH_H_
#define LOOP_TASKS_CALL_GRAPH_H_

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/future_set.h"

namespace loop {

/// A coroutine of a task, and the location of the `co_await` that it has
/// reached.
struct CallGraphFrame {
  std::string function;  ///< The name, without its namespace.
  SourceLocation where;  ///< The `co_await`.
};

/// A task of a call graph, or the future that the graph begins with.
struct CallGraphEntry {
  std::string name;       ///< The task's name, or "Future".
  std::size_t depth = 0;  ///< The distance from the first entry.
  std::vector<CallGraphFrame> call_stack;  ///< The innermost one first.
  bool is_above =
      false;  ///< The entry is listed before already, with its awaiters.
};

/// A future or task and all tasks that wait for it, however indirectly: a tree
/// as a flat sequence. Each entry is followed by the tasks that await it, with
/// a depth greater by one.
///
/// ```cpp
/// for (const auto& [name, depth, call_stack, is_above] :
///      loop::capture_call_graph(task)) {
///   std::cout << depth << ' ' << name << '\n';
/// }
/// ```
///
/// The graph includes waits through gather(), wait(), shield(), as_completed(),
/// wait_for() and task groups.
///
/// Port of asyncio.FutureCallGraph (CPython 3.15, Lib/asyncio/graph.py).
/// Differs from Python: flat, since a tree of objects as deep as a chain of
/// tasks could not be destroyed; no `depth` and `limit`.
using CallGraph = std::vector<CallGraphEntry>;

/// Returns the call graph of a future, which may be done. Takes time in
/// proportion to the number of tasks of the loop and of the futures that each
/// waits for. Threads: the loop's thread only. Port of
/// asyncio.capture_call_graph.
CallGraph capture_call_graph(FutureCore& future);
/// Returns the call graph of a future or task.
template <class T>
CallGraph capture_call_graph(const Future<T>& future) {
  return capture_call_graph(future.state());
}
/// Returns the call graph of a task.
inline CallGraph capture_call_graph(const AnyTask& task) {
  return capture_call_graph(state_of(task));
}
/// Returns the call graph of the task whose step is running. Throws
/// RuntimeError if there is none.
CallGraph capture_call_graph();

/// Returns the graph as text, with a block for each task.
///
/// ```text
/// * reader
///   + Call stack:
///   |   read_line server.cc:12
///   + Awaited by:
///     * Task-1
///       + Call stack:
///       |   serve server.cc:31
///       |   main server.cc:52
/// ```
///
/// Beyond 20 levels blocks are not indented further; their depth is a number.
std::string format_call_graph(const CallGraph& graph);
/// Returns the call graph of a future or task, or of the current task, as text.
/// Port of asyncio.format_call_graph.
template <class... F>
requires(sizeof...(F) <= 1) std::string format_call_graph(const F&... future) {
  return format_call_graph(capture_call_graph(future...));
}

/// Writes the call graph of a future or task to `file`. Port of
/// asyncio.print_call_graph.
template <class F>
void print_call_graph(const F& future, std::FILE* file = stdout) {
  std::fputs(format_call_graph(future).c_str(), file);
}
/// Writes the call graph of the current task to standard output.
inline void print_call_graph() {
  std::fputs(format_call_graph().c_str(), stdout);
}

}  // namespace loop

#endif  // LOOP_TASKS_CALL_GRAPH_H_

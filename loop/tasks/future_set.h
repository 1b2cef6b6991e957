// `remove_duplicates()`: the futures of wait() and as_completed(), each once.

#ifndef LOOP_TASKS_FUTURE_SET_H_
#define LOOP_TASKS_FUTURE_SET_H_

#include <unordered_set>
#include <vector>

#include "loop/coroutines/task.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"

namespace loop {

template <class T>
FutureCore& state_of(const Future<T>& future) {
  return future.state();
}
inline FutureCore& state_of(const AnyTask& task) {
  return task.core().future();
}

// Keeps the first of several handles to one future.
template <class F>
void remove_duplicates(std::vector<F>& futures) {
  std::unordered_set<const FutureCore*> seen;
  seen.reserve(futures.size());
  std::erase_if(futures, [&](const F& future) {
    return !seen.insert(&state_of(future)).second;
  });
}

}  // namespace loop

#endif  // LOOP_TASKS_FUTURE_SET_H_

// `set_default_executor()`, `DefaultExecutor`: the executor that a loop uses by
// default.

#ifndef LOOP_FUTURES_DEFAULT_EXECUTOR_H_
#define LOOP_FUTURES_DEFAULT_EXECUTOR_H_

#include <limits>
#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/futures/thread_pool_executor.h"

namespace loop {

/// The default executor of one loop, event_loop.extension<DefaultExecutor>().
/// Its threads are started when there is work for them.
struct DefaultExecutor : LoopExtension {
  /// Makes the default executor of a loop. For EventLoop::extension().
  explicit DefaultExecutor(EventLoop&) {}

  /// The executor, shared with the thread that waits for its end.
  std::shared_ptr<ThreadPoolExecutor> executor =
      std::make_shared<ThreadPoolExecutor>();
  /// Threads that only wait: for the end of the executor, and for foreign
  /// futures. Their number is unlimited, so that no wait needs the thread of
  /// another wait.
  ThreadPoolExecutor waiters{std::numeric_limits<int>::max()};
};

/// Makes `executor` the one that run_in_executor() and to_thread() use by
/// default.
///
/// For a program that wants another number of threads, or one executor for
/// several loops:
///
/// ```cpp
/// loop::set_default_executor(
///     event_loop, std::make_shared<loop::ThreadPoolExecutor>(max_workers));
/// ```
///
/// Call this before the first use: the loop drops the executor that it
/// replaces, whose destructor cancels the functions that have not begun. From
/// the loop's thread. Throws ValueError if `executor` is nullptr, RuntimeError
/// if the loop is closed.
///
/// Port of loop.set_default_executor() (CPython 3.15,
/// Lib/asyncio/base_events.py).
void set_default_executor(EventLoop& event_loop,
                          std::shared_ptr<ThreadPoolExecutor> executor);

}  // namespace loop

#endif  // LOOP_FUTURES_DEFAULT_EXECUTOR_H_

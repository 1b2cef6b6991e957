// The executor of a loop whose program brings none.

#ifndef LOOP_FUTURES_DEFAULT_EXECUTOR_H_
#define LOOP_FUTURES_DEFAULT_EXECUTOR_H_

#include <limits>
#include <memory>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/futures/thread_pool_executor.h"

namespace loop {

/// The default executor of one loop, event_loop.extension<DefaultExecutor>().
/// It has no threads until there is something to do for them.
struct DefaultExecutor : LoopExtension {
  explicit DefaultExecutor(EventLoop&) {}

  /// Shared with the thread that waits for its end.
  std::shared_ptr<ThreadPoolExecutor> executor =
      std::make_shared<ThreadPoolExecutor>();
  /// Threads that only wait: for that end, and for foreign futures. Without a
  /// limit, so that none waits for another one's thread.
  ThreadPoolExecutor waiters{std::numeric_limits<int>::max()};
};

/// Has run_in_executor() and to_thread() without an executor use this one from
/// now on: that of a program which wants another number of threads, or one
/// executor for several loops.
///
///   loop::set_default_executor(
///       event_loop, std::make_shared<loop::ThreadPoolExecutor>(max_workers));
///
/// Call it before the first use: the one that it replaces is let go of, and its
/// destructor cancels what has not begun. From the loop's thread. Throws
/// ValueError if it is nullptr, RuntimeError if the loop is closed.
/// Port of loop.set_default_executor() (CPython 3.15,
/// Lib/asyncio/base_events.py).
void set_default_executor(EventLoop& event_loop,
                          std::shared_ptr<ThreadPoolExecutor> executor);

}  // namespace loop

#endif  // LOOP_FUTURES_DEFAULT_EXECUTOR_H_

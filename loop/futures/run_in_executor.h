// `run_in_executor()`: a function that runs in another thread, and whose result
// comes back.

#ifndef LOOP_FUTURES_RUN_IN_EXECUTOR_H_
#define LOOP_FUTURES_RUN_IN_EXECUTOR_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/default_executor.h"
#include "loop/futures/future.h"
#include "loop/futures/thread_pool_executor.h"
#include "loop/futures/wrap_future.h"

namespace loop {

/// Runs `function` in a thread of the executor, and gives what it returns or
/// throws to the future that this returns. From the loop's thread.
///
/// If the future is done before that, because it is cancelled, `function` does
/// not run if the loop gets to know of it before the thread begins; otherwise
/// it runs to its end, and the outcome is dropped. It is dropped, too, if the
/// loop is closed by then. If the executor is shut down so that `function`
/// never runs, the future is cancelled.
///
/// `function` must not own a Future of the loop: it dies in the other thread.
/// Throws RuntimeError if the loop is closed, and what submit() throws.
/// Port of loop.run_in_executor().
template <class F>
Future<std::invoke_result_t<F&>> run_in_executor(
    EventLoop& event_loop, ThreadPoolExecutor& executor, F function,
    SourceLocation where = SourceLocation::current()) {
  wrap_future_internal::check_usable(event_loop, "run_in_executor");
  return wrap_future(event_loop, executor.submit(std::move(function)), where);
}

/// Runs `function` in a thread of the default executor of the loop, and
/// otherwise does what run_in_executor() with an executor does.
template <class F>
requires(std::invocable<F&>) Future<std::invoke_result_t<F&>> run_in_executor(
    EventLoop& event_loop, F function,
    SourceLocation where = SourceLocation::current()) {
  event_loop.check_thread("run_in_executor");
  return run_in_executor(event_loop,
                         *event_loop.extension<DefaultExecutor>().executor,
                         std::move(function), where);
}

}  // namespace loop

#endif  // LOOP_FUTURES_RUN_IN_EXECUTOR_H_

// `run_in_executor()`: runs a function in another thread and returns a Future
// of its result.

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

/// Runs `function` in a thread of `executor`. The returned future gets its
/// result or its exception. From the loop's thread.
///
/// ```cpp
/// const auto read = [path] { return read_file(path); };
/// const std::string text =
///     co_await loop::run_in_executor(event_loop, executor, read);
/// ```
///
/// If the returned future is cancelled, `function` does not run, provided that
/// the loop handles the cancellation before the thread begins. Otherwise
/// `function` runs to its end, and the outcome is dropped. The outcome is also
/// dropped if the loop is closed by then. If the executor is shut down so that
/// `function` never runs, the future is cancelled.
///
/// `function` must not own a Future of the loop, because `function` is
/// destroyed in the other thread. Throws RuntimeError if the loop is closed,
/// and the errors of ThreadPoolExecutor::submit().
///
/// Port of loop.run_in_executor().
template <class F>
Future<std::invoke_result_t<F&>> run_in_executor(
    EventLoop& event_loop, ThreadPoolExecutor& executor, F function,
    SourceLocation where = SourceLocation::current()) {
  wrap_future_internal::check_usable(event_loop, "run_in_executor");
  return wrap_future(event_loop, executor.submit(std::move(function)), where);
}

/// Runs `function` in a thread of the loop's default executor. The returned
/// future gets its result or its exception. From the loop's thread.
/// Cancellation and errors: see run_in_executor() with an executor.
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

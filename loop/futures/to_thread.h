// `to_thread()`: runs a blocking function in another thread.

#ifndef LOOP_FUTURES_TO_THREAD_H_
#define LOOP_FUTURES_TO_THREAD_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/future.h"
#include "loop/futures/run_in_executor.h"

namespace loop {

/// Runs `function` in a thread of the default executor of the running loop,
/// while the loop goes on. The returned future gets its result or its
/// exception.
///
/// ```cpp
/// const auto read = [path] { return read_file(path); };
/// const std::string text = co_await loop::to_thread(read);
/// ```
///
/// A task that is cancelled meanwhile stops waiting, but a function that has
/// begun runs to its end. Throws RuntimeError if no loop is running in this
/// thread; for other errors and lifetimes see run_in_executor().
///
/// Port of asyncio.to_thread (CPython 3.15, Lib/asyncio/threads.py).
///
/// Differs from Python: `function` begins now, not when the result is awaited.
template <class F>
requires(std::invocable<F&>) Future<std::invoke_result_t<F&>> to_thread(
    F function, SourceLocation where = SourceLocation::current()) {
  return run_in_executor(get_running_loop(), std::move(function), where);
}

}  // namespace loop

#endif  // LOOP_FUTURES_TO_THREAD_H_

// `shutdown_default_executor()`: the orderly end of a loop's default executor.

#ifndef LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_
#define LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_

#include <chrono>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/future.h"

namespace loop {

/// Makes the default executor refuse further functions, and returns a future
/// that is done when the executor's functions have ended.
///
/// ```cpp
/// const bool ended =
///     co_await loop::shutdown_default_executor(event_loop, 10s);
/// ```
///
/// The result is true, or false if `wait_at_most` passes first. That time is
/// measured by the real clock, as another thread waits. The loop can run
/// meanwhile, as a function may be waiting for the loop. run_in_executor()
/// throws RuntimeError from now on.
///
/// Threads that still run then are abandoned when the loop closes.
///
/// From the loop's thread. Throws RuntimeError if the loop is closed, OSError
/// if no thread can be started to wait.
///
/// Port of loop.shutdown_default_executor() (CPython 3.15,
/// Lib/asyncio/base_events.py). Differs from Python: there is no way to wait
/// forever.
Future<bool> shutdown_default_executor(
    EventLoop& event_loop, std::chrono::nanoseconds wait_at_most,
    SourceLocation where = SourceLocation::current());

}  // namespace loop

#endif  // LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_

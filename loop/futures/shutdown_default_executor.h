// The orderly end of the default executor.

#ifndef LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_
#define LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_

#include <chrono>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/future.h"

namespace loop {

// Has the default executor take no more jobs, and gives the future that this
// returns, once the jobs that it has are done, true; or false when
// `wait_at_most` has passed before: by the real clock, as it is another thread
// that waits. The loop can run meanwhile, as a job may be waiting for it.
// run_in_executor() throws RuntimeError from now on.
//
// Threads that go on then are on their own when the loop closes.
//
// Throws RuntimeError if the loop is closed, OSError if there is no thread to
// wait with.
// Port of loop.shutdown_default_executor() (CPython 3.15,
// Lib/asyncio/base_events.py).
// Differs from Python: there is no way to wait forever.
Future<bool> shutdown_default_executor(
    EventLoop& event_loop, std::chrono::nanoseconds wait_at_most,
    SourceLocation where = SourceLocation::current());

}  // namespace loop

#endif  // LOOP_FUTURES_SHUTDOWN_DEFAULT_EXECUTOR_H_

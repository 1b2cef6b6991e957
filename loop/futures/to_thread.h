// Another thread, for a function that takes its time.

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

// Runs `function` in a thread of the default executor, while the loop goes on:
//
//   const auto read = [path] { return read_file(path); };
//   const std::string text = co_await loop::to_thread(read);
//
// Who is cancelled meanwhile does not wait any longer, but a function that has
// begun runs to its end. As to the rest, see run_in_executor().
// Port of asyncio.to_thread (CPython 3.15, Lib/asyncio/threads.py).
// Differs from Python: it begins now, not when it is awaited.
template <class F>
requires(std::invocable<F&>) Future<std::invoke_result_t<F&>> to_thread(
    F function, SourceLocation where = SourceLocation::current()) {
  return run_in_executor(get_running_loop(), std::move(function), where);
}

}  // namespace loop

#endif  // LOOP_FUTURES_TO_THREAD_H_

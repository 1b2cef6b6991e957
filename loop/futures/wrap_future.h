// The result of a std::future, for a loop.

#ifndef LOOP_FUTURES_WRAP_FUTURE_H_
#define LOOP_FUTURES_WRAP_FUTURE_H_

#include <chrono>
#include <exception>
#include <future>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/run_in_executor.h"
#include "selectors/errors.h"

namespace loop {

// Gives what `source` will hold, value or exception, to the future that this
// returns. From the loop's thread.
//
// A std::future tells nobody that it is ready. So unless it is, a thread of the
// default executor waits for it, and cannot be called back: who cancels the
// future does not end that, nor the work. Of std::launch::deferred the work
// runs in that thread.
//
// Throws ValueError if `source` is not valid(), and as run_in_executor().
// Port of asyncio.wrap_future (CPython 3.13, Lib/asyncio/futures.py).
// Differs from Python: there cancelling one future cancels the other.
template <class T>
Future<T> wrap_future(EventLoop& event_loop, std::future<T> source,
                      SourceLocation where = SourceLocation::current()) {
  static_assert(!std::is_reference_v<T>, "use a pointer instead");
  if (!source.valid()) {
    throw selectors::ValueError("a std::future that nothing will come of");
  }
  if (source.wait_for(std::chrono::seconds::zero()) !=
      std::future_status::ready) {
    return run_in_executor(
        event_loop,
        [source = std::move(source)]() mutable { return source.get(); }, where);
  }
  event_loop.check_thread("wrap_future");
  if (event_loop.is_closed()) {
    throw selectors::RuntimeError("Event loop is closed");
  }
  const Future<T> future(event_loop, where);
  try {
    if constexpr (std::is_void_v<T>) {
      source.get();
      future.set_result();
    } else {
      future.set_result(source.get());
    }
  } catch (const CancelledError& error) {
    future.cancel(error.what());
  } catch (...) {
    future.set_exception(std::current_exception());
  }
  return future;
}

}  // namespace loop

#endif  // LOOP_FUTURES_WRAP_FUTURE_H_

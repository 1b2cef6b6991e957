// `co_await` for a ConcurrentFuture.

#ifndef LOOP_COROUTINES_CONCURRENT_FUTURE_AWAITER_H_
#define LOOP_COROUTINES_CONCURRENT_FUTURE_AWAITER_H_

#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/future.h"
#include "loop/futures/wrap_future.h"

namespace loop {

/// Waits until `future` is done, and returns a copy of its result or throws its
/// exception.
///
/// ```cpp
/// loop::ConcurrentFuture<int> future = executor.submit(compute);
/// const int result = co_await future;
/// ```
///
/// Works in a task of any loop, and blocks no thread. Cancelling the waiting
/// task cancels the future, too: see shield().
///
/// Differs from Python: there this takes a wrap_future().
template <class T>
FutureAwaiter<T, true> operator co_await(const ConcurrentFuture<T>& future) {
  return FutureAwaiter<T, true>(wrap_future(get_running_loop(), future));
}

/// Waits until `future` is done, and moves the result out of it or throws its
/// exception. Cancelling the waiting task cancels the future, too.
template <class T>
FutureAwaiter<T, true> operator co_await(ConcurrentFuture<T>&& future) {
  return FutureAwaiter<T, true>(
      wrap_future(get_running_loop(), std::move(future)));
}

// Prepares a future that was passed by value for `co_await`. The caller may
// have kept another handle, so a copyable result is copied.
template <class T>
decltype(auto) as_passed(ConcurrentFuture<T>& future) {
  if constexpr (std::is_void_v<T> || kCopyable<T>) {
    return std::as_const(future);
  } else {
    return std::move(future);
  }
}

/// Returns wrap_future(event_loop, future), so that gather(), wait_for() and
/// similar functions accept a ConcurrentFuture.
template <class T>
Future<T> ensure_future(EventLoop& event_loop, ConcurrentFuture<T> future,
                        SourceLocation where = SourceLocation::current()) {
  return wrap_future(event_loop, as_passed(future), where);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_CONCURRENT_FUTURE_AWAITER_H_

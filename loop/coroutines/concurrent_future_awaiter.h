// `co_await` of a ConcurrentFuture.

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

/// Waits, in a task of any loop, until the future is done, and returns a copy
/// of its result or throws its exception. No thread waits. Cancelling the task
/// that waits cancels the future, too: see shield(). Differs from Python: there
/// it takes a wrap_future().
template <class T>
FutureAwaiter<T, true> operator co_await(const ConcurrentFuture<T>& future) {
  return FutureAwaiter<T, true>(wrap_future(get_running_loop(), future));
}

/// Waits until the future is done, and takes the result out of it, or throws
/// its exception.
template <class T>
FutureAwaiter<T, true> operator co_await(ConcurrentFuture<T>&& future) {
  return FutureAwaiter<T, true>(
      wrap_future(get_running_loop(), std::move(future)));
}

// Of a future that was passed by value the caller may have kept another handle:
// a result that can be copied stays there.
template <class T>
decltype(auto) as_passed(ConcurrentFuture<T>& future) {
  if constexpr (std::is_void_v<T> || kCopyable<T>) {
    return std::as_const(future);
  } else {
    return std::move(future);
  }
}

/// Returns wrap_future() of it, for gather(), wait_for() and the like.
template <class T>
Future<T> ensure_future(EventLoop& event_loop, ConcurrentFuture<T> future,
                        SourceLocation where = SourceLocation::current()) {
  return wrap_future(event_loop, as_passed(future), where);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_CONCURRENT_FUTURE_AWAITER_H_

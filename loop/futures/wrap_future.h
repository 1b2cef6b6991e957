// `wrap_future()`: makes a Future of a loop from a future of another kind.

#ifndef LOOP_FUTURES_WRAP_FUTURE_H_
#define LOOP_FUTURES_WRAP_FUTURE_H_

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/cross_thread_calls.h"
#include "loop/futures/default_executor.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "selectors/errors.h"

namespace loop {
namespace wrap_future_internal {

// Sets the exception; a CancelledError of the other side cancels `future`.
template <class T>
void set_exception(const Future<T>& future, std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const CancelledError& error) {
    future.cancel(error.what());
  } catch (...) {
    future.set_exception(std::move(exception));
  }
}

// Gives `future` the outcome of `source`, which is done. If `Source` is not a
// reference, the result is moved out of `source`.
template <class Source, class T>
void give(ConcurrentFuture<T>& source, const Future<T>& future) {
  if (const auto exception = source.exception()) {
    return future.set_exception(exception);
  }
  if constexpr (std::is_void_v<T>) {
    future.set_result();
  } else if constexpr (std::is_reference_v<Source>) {
    future.set_result(source.result());
  } else {
    future.set_result(std::move(source).result());
  }
}

// Gives `future` the outcome of `source`, or the exception of the attempt: the
// result may not be copyable, or another handle may have taken it out.
template <class Source, class T>
void deliver(ConcurrentFuture<T>& source, const Future<T>& future) {
  if (future.done()) return;
  try {
    give<Source>(source, future);
  } catch (...) {
    set_exception(future, std::current_exception());
  }
}

template <class Source, class T>
struct Delivery : CrossThreadCalls::Call {
  Delivery(Future<T> f, ConcurrentFuture<T> s)
      : future(std::move(f)), source(std::move(s)) {}
  void run() override { deliver<Source>(source, future); }
  void fail(std::exception_ptr reason) override {
    if (!future.done()) future.set_exception(std::move(reason));
  }

  Future<T> future;
  ConcurrentFuture<T> source;
};

inline void check_usable(const EventLoop& event_loop, const char* function) {
  event_loop.check_thread(function);
  if (event_loop.is_closed()) {
    throw selectors::RuntimeError("Event loop is closed");
  }
}

template <class Source, class T>
Future<T> wrap(EventLoop& event_loop, ConcurrentFuture<T> source,
               SourceLocation where) {
  check_usable(event_loop, "wrap_future");
  Future<T> future(event_loop, where);
  const auto calls = CrossThreadCalls::of(event_loop);
  const auto id =
      calls->add(std::make_unique<Delivery<Source, T>>(future, source));
  // If the call is no longer there, `source` is done, or belongs to another
  // process.
  future.add_done_callback([calls, id, source](const Future<T>& done) {
    if (calls->remove(id)) source.cancel(done.state().cancel_message());
  });
  source.add_done_callback([calls, id] { calls->run_now_or_soon(id); });
  return future;
}

}  // namespace wrap_future_internal

/// Returns a future of the loop that gets the outcome of `source`: a copy of
/// its result, or its exception.
///
/// ```cpp
/// const auto answer = executor.submit([] { return compute(); });
/// const int n = co_await loop::wrap_future(event_loop, answer);
/// ```
///
/// No thread blocks for that. Cancelling one future cancels the other. If
/// `source` is done, or becomes so in the thread of the running loop, then the
/// returned future is done at once, and otherwise in a callback of the loop.
/// From the loop's thread. Throws RuntimeError if the loop is closed.
///
/// Port of asyncio.wrap_future (CPython 3.15, Lib/asyncio/futures.py).
template <class T>
Future<T> wrap_future(EventLoop& event_loop, const ConcurrentFuture<T>& source,
                      SourceLocation where = SourceLocation::current()) {
  using Source = const ConcurrentFuture<T>&;
  return wrap_future_internal::wrap<Source>(event_loop, source, where);
}

/// Returns a future of the loop that takes the result out of `source`, or gets
/// its exception. No thread blocks for that. Cancelling one future cancels the
/// other. From the loop's thread. Throws RuntimeError if the loop is closed.
template <class T>
Future<T> wrap_future(EventLoop& event_loop, ConcurrentFuture<T>&& source,
                      SourceLocation where = SourceLocation::current()) {
  using Source = ConcurrentFuture<T>;
  return wrap_future_internal::wrap<Source>(event_loop, std::move(source),
                                            where);
}

/// Returns a future of the loop that gets the value or exception of a
/// std::future. From the loop's thread.
///
/// A std::future does not notify its owner when it is ready. So unless `source`
/// is ready now, a thread waits for it; the thread is started for that if none
/// is idle. The work cannot be cancelled: cancelling the returned future ends
/// neither the wait nor the work. With a ConcurrentFuture there is no such
/// thread. Work of std::launch::deferred runs in that thread.
///
/// Throws ValueError if `source` is not valid(), RuntimeError if the loop is
/// closed, OSError if no thread can be started.
template <class T>
Future<T> wrap_future(EventLoop& event_loop, std::future<T> source,
                      SourceLocation where = SourceLocation::current()) {
  static_assert(!std::is_reference_v<T>, "use a pointer instead");
  namespace internal = wrap_future_internal;
  internal::check_usable(event_loop, "wrap_future");
  if (!source.valid()) {
    throw selectors::ValueError("wrap_future: the std::future is not valid");
  }
  if (source.wait_for(std::chrono::seconds::zero()) !=
      std::future_status::ready) {
    auto& waiters = event_loop.extension<DefaultExecutor>().waiters;
    auto wait = [source = std::move(source)]() mutable { return source.get(); };
    return wrap_future(event_loop, waiters.submit(std::move(wait)), where);
  }
  const Future<T> future(event_loop, where);
  try {
    if constexpr (std::is_void_v<T>) {
      source.get();
      future.set_result();
    } else {
      future.set_result(source.get());
    }
  } catch (...) {
    internal::set_exception(future, std::current_exception());
  }
  return future;
}

}  // namespace loop

#endif  // LOOP_FUTURES_WRAP_FUTURE_H_

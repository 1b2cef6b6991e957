// `as_coroutine()`, `outcome_of()`, `ensure_future()`: conversions of any
// awaitable to a coroutine, an outcome or a future.

#ifndef LOOP_COROUTINES_AWAITABLE_H_
#define LOOP_COROUTINES_AWAITABLE_H_

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaiter_of.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/outcome.h"
#include "loop/futures/take_result.h"

namespace loop {
namespace awaitable_internal {

template <class T>
std::true_type is_coroutine(const Coroutine<T>&);
std::false_type is_coroutine(...);

}  // namespace awaitable_internal

/// A Coroutine<T> of any T.
template <class A>
concept IsCoroutine =
    decltype(awaitable_internal::is_coroutine(std::declval<A>()))::value;

/// Checks that `future` belongs to `event_loop`. Throws ValueError if not.
void check_loop(const EventLoop& event_loop, const FutureCore& future);

/// Returns a coroutine that awaits `awaitable` and returns its result.
template <Awaitable A>
Coroutine<AwaitResult<A>> as_coroutine(A awaitable) {
  co_return co_await as_passed(awaitable);
}

/// Returns `coroutine` itself: for functions that take any awaitable.
template <class T>
Coroutine<T> as_coroutine(Coroutine<T> coroutine) {
  return coroutine;
}

/// Awaits `awaitable` and returns its outcome: its result or its exception.
///
/// ```cpp
/// const loop::Outcome<int> outcome = co_await loop::outcome_of(compute());
/// ```
///
/// A CancelledError of the calling task becomes the outcome, too.
template <Awaitable A>
Coroutine<Outcome<AwaitResult<A>>> outcome_of(A awaitable) {
  Outcome<AwaitResult<A>> outcome;
  try {
    if constexpr (std::is_void_v<AwaitResult<A>>) {
      co_await as_passed(awaitable);
      outcome.set_value();
    } else {
      outcome.set_value(co_await as_passed(awaitable));
    }
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
  co_return outcome;
}

/// Starts a task that awaits `awaitable`, which is neither a coroutine nor a
/// future, such as sleep(1s).
///
/// The parameters and errors are those of create_task() for a coroutine.
/// Threads: the loop's thread only.
template <Awaitable A>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    EventLoop& event_loop, A awaitable, const TaskOptions& options = {},
    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, as_coroutine(std::move(awaitable)), options,
                     where);
}
/// Starts a task of the running loop that awaits `awaitable`, which is neither
/// a coroutine nor a future. Throws RuntimeError if no loop is running.
template <Awaitable A>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    A awaitable, const TaskOptions& options = {},
    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(awaitable), options, where);
}
/// Starts a task of `event_loop` with this name that awaits `awaitable`, which
/// is neither a coroutine nor a future. Short for {.name = name}.
template <Awaitable A, TaskName Name>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    EventLoop& event_loop, A awaitable, const Name& name,
    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, std::move(awaitable),
                     TaskOptions{.name = name}, where);
}
/// Starts a task of the running loop with this name that awaits `awaitable`:
/// `create_task(sleep(1s), "nap")`. Short for {.name = name}.
template <Awaitable A, TaskName Name>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    A awaitable, const Name& name,
    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(awaitable), name, where);
}

/// Returns `future` itself. Throws ValueError if it belongs to another loop.
///
/// Threads: the loop's thread only. Port of asyncio.ensure_future.
template <class T>
Future<T> ensure_future(EventLoop& event_loop, Future<T> future,
                        SourceLocation = SourceLocation::current()) {
  check_loop(event_loop, future.state());
  return future;
}
/// Starts a task of `event_loop` that awaits `awaitable`, which is not a
/// future. Throws RuntimeError if the loop is closed.
///
/// Returns the Task. Threads: the loop's thread only. Port of
/// asyncio.ensure_future.
template <Awaitable A>
requires(!IsFuture<A>) auto ensure_future(
    EventLoop& event_loop, A awaitable,
    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, as_coroutine(std::move(awaitable)), {}, where);
}
/// Starts a task of `event_loop` that awaits `task`. If the loop is running,
/// the first step runs before the call returns: if `task` is done, the returned
/// Task is done, too, and to cancel the returned Task cancels `task`. Throws
/// ValueError if `task` belongs to another loop.
inline Task<> ensure_future(EventLoop& event_loop, AnyTask task,
                            SourceLocation where = SourceLocation::current()) {
  check_loop(event_loop, task.core().future());
  return create_task(event_loop, as_coroutine(std::move(task)),
                     {.eager_start = true}, where);
}

/// Returns `future` itself, whatever its loop.
template <class T>
Future<T> ensure_future(Future<T> future,
                        SourceLocation = SourceLocation::current()) {
  return future;
}
/// Starts a task of the running loop that awaits `awaitable`, which is not a
/// future. Throws RuntimeError if no loop is running.
template <Awaitable A>
requires(!IsFuture<A>) auto ensure_future(
    A awaitable, SourceLocation where = SourceLocation::current()) {
  return ensure_future(get_running_loop(), std::move(awaitable), where);
}

/// Runs the loop until `awaitable` is done, and returns its result by value or
/// throws its exception.
///
/// ```cpp
/// const int n = loop::run_until_complete(event_loop, compute());
/// ```
///
/// An awaitable that is not a future becomes a task of `event_loop`; the result
/// of a future is copied, or moved as FutureAwaiter says. Throws ValueError if
/// a future belongs to another loop, and the errors of run_until_complete() for
/// a future: if the loop cannot run, nothing is started. Port of
/// loop.run_until_complete(), with the loop as the first argument. Differs from
/// Python: a task that is pending after stop() is reported if the loop closes.
template <Awaitable A>
std::remove_cvref_t<AwaitResult<A>> run_until_complete(
    EventLoop& event_loop, A awaitable,
    SourceLocation where = SourceLocation::current()) {
  event_loop.check_can_run();
  const auto future = ensure_future(event_loop, std::move(awaitable), where);
  try {
    run_until_complete(future);
  } catch (...) {
    // The exception of a task that nobody else knows is not reported as well.
    if (!IsFuture<A> && future.done() && !future.cancelled()) {
      future.exception();
    }
    throw;
  }
  return take_result<!IsFuture<A>>(future);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_AWAITABLE_H_

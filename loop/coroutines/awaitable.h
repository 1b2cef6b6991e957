// What is awaited where a coroutine or a future is wanted.

#ifndef LOOP_COROUTINES_AWAITABLE_H_
#define LOOP_COROUTINES_AWAITABLE_H_

#include <concepts>
#include <exception>
#include <string_view>
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

namespace loop {
namespace awaitable_internal {

template <class T>
std::true_type is_coroutine(const Coroutine<T>&);
std::false_type is_coroutine(...);

}  // namespace awaitable_internal

template <class A>
concept IsCoroutine =
    decltype(awaitable_internal::is_coroutine(std::declval<A>()))::value;

// Throws ValueError if the future is another loop's.
void check_loop(const EventLoop& event_loop, const FutureCore& future);

// A coroutine that awaits it.
template <Awaitable A>
Coroutine<AwaitResult<A>> as_coroutine(A awaitable) {
  co_return co_await as_passed(awaitable);
}

// The same as other functions take it: what is a coroutine stays as it is.
template <class T>
Coroutine<T> as_coroutine(Coroutine<T> coroutine) {
  return coroutine;
}

/// Awaits it, and returns what comes of it: its result or its exception.
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

// A task of what is awaited but is neither coroutine nor future, such as
// sleep(1s).
template <Awaitable A>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    EventLoop& event_loop, A awaitable, std::string_view name = {},
    Start start = Start::kSoon,
    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, as_coroutine(std::move(awaitable)), name,
                     start, where);
}
template <Awaitable A>
requires(!IsFuture<A> && !IsCoroutine<A>) auto create_task(
    A awaitable, std::string_view name = {}, Start start = Start::kSoon,
    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(awaitable), name, start,
                     where);
}

// The future itself, or else a task of what is awaited, for this loop. Throws
// ValueError if the future is another loop's, RuntimeError if the loop is
// closed. Port of asyncio.ensure_future.
template <class T>
Future<T> ensure_future(EventLoop& event_loop, Future<T> future,
                        SourceLocation = SourceLocation::current()) {
  check_loop(event_loop, future.state());
  return future;
}
template <Awaitable A>
requires(!IsFuture<A>) auto ensure_future(
    EventLoop& event_loop, A awaitable,
    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, as_coroutine(std::move(awaitable)), {},
                     Start::kSoon, where);
}

// The same for the loop of the future, or else the one that is running.
template <class T>
Future<T> ensure_future(Future<T> future,
                        SourceLocation = SourceLocation::current()) {
  return future;
}
template <Awaitable A>
requires(!IsFuture<A>) auto ensure_future(
    A awaitable, SourceLocation where = SourceLocation::current()) {
  return ensure_future(get_running_loop(), std::move(awaitable), where);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_AWAITABLE_H_

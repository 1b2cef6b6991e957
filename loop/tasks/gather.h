// `gather()`: runs several awaitables concurrently and collects their results.

#ifndef LOOP_TASKS_GATHER_H_
#define LOOP_TASKS_GATHER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/outcome.h"
#include "loop/tasks/gather_core.h"

namespace loop {

/// The type of return_exceptions.
struct ReturnExceptions {};
/// The first argument of gather() that makes it return exceptions as results.
inline constexpr ReturnExceptions return_exceptions;

namespace gather_internal {

using Child = GatherCore::Child;

// The result of one child, made from an awaitable of type A, when gather()
// throws exceptions.
template <class A>
struct Result {
  static constexpr bool kReturnsExceptions = false;
  using T = AwaitResult<A>;
  using type = StoredResult<T>;

  static type of(Child& child) {
    const Future<T> future = child.take<T>();
    if constexpr (std::is_void_v<T>) {
      future.result();
      return {};
    } else {
      return take_result<!IsFuture<A>>(future);
    }
  }
};

// The result or exception of one child, when gather() returns exceptions.
template <class A>
struct ResultOrException {
  static constexpr bool kReturnsExceptions = true;
  using type = Outcome<AwaitResult<A>>;

  static type of(Child& child) {
    type outcome;
    if (auto exception = child.exception()) {
      outcome.set_exception(std::move(exception));
    } else {
      outcome.set_value(Result<A>::of(child));
    }
    return outcome;
  }
};

// The results of all children.
template <class... Each>
struct InTuple {
  static constexpr bool kReturnsExceptions = (Each::kReturnsExceptions || ...);
  using type = std::tuple<typename Each::type...>;

  static type of(std::vector<Child>& children) {
    return of(children, std::index_sequence_for<Each...>());
  }

 private:
  template <std::size_t... I>
  static type of([[maybe_unused]] std::vector<Child>& children,
                 std::index_sequence<I...>) {
    return type{Each::of(children[I])...};  // Braces: from left to right.
  }
};

template <class Each>
struct InVector {
  static constexpr bool kReturnsExceptions = Each::kReturnsExceptions;
  using type = std::vector<typename Each::type>;

  static type of(std::vector<Child>& children) {
    type results;
    results.reserve(children.size());
    for (Child& child : children) results.push_back(Each::of(child));
    return results;
  }
};

template <class All>
class State final : public FutureState<typename All::type>, public GatherCore {
 public:
  State(EventLoop& event_loop, std::size_t size, SourceLocation where)
      : FutureState<typename All::type>(event_loop, where),
        GatherCore(*this, size, All::kReturnsExceptions) {}

  bool cancel(std::string message) override {
    this->check_thread("cancel");
    return !this->done() && cancel_children(message);
  }
  CancelForwarder* cancel_forwarder() override {
    return this->done() ? nullptr : this;
  }
  void for_each_awaited(const std::function<void(FutureCore&)>& f) override {
    if (!this->done()) for_each_pending(f);
  }

 private:
  void collect() override {
    const FutureCore::StoringResult storing(*this);
    this->result.emplace(All::of(children()));
  }
};

// Returns the loop of the first awaitable if that is a future, otherwise the
// running loop.
inline EventLoop& loop_of() { return get_running_loop(); }
template <class First, class... Others>
EventLoop& loop_of(const First& first, const Others&...) {
  if constexpr (IsFuture<First>) {
    return first.get_loop();
  } else {
    return get_running_loop();
  }
}

template <class All, class Watch>
Future<typename All::type> make(EventLoop& event_loop, std::size_t size,
                                SourceLocation where, Watch watch_children) {
  const Reference state(new State<All>(event_loop, size, where));
  watch_children(*state);
  state->all_are_watched();
  return Future<typename All::type>(
      Reference<FutureState<typename All::type>>(state.get()));
}

// The location that reports name: of a coroutine, its function; of a future,
// the place where it was made.
inline SourceLocation location_of() { return {}; }
template <class First, class... Others>
SourceLocation location_of(const First& first, const Others&...) {
  if constexpr (IsFuture<First>) {
    return first.state().where();
  } else if constexpr (IsCoroutine<First>) {
    return first.where();
  } else {
    return {};
  }
}

// Moves an awaitable into a future.
template <Awaitable A>
Future<AwaitResult<A>> future_of(EventLoop& event_loop, A& awaitable) {
  const SourceLocation where = location_of(awaitable);
  return ensure_future(event_loop, std::move(awaitable), where);
}

template <template <class> class Each, Awaitable... A>
auto gather_tuple(A... awaitables) {
  EventLoop& event_loop = loop_of(awaitables...);
  const SourceLocation where = location_of(awaitables...);
  // Braces: from left to right.
  const std::tuple<Future<AwaitResult<A>>...> futures{
      future_of(event_loop, awaitables)...};
  return make<InTuple<Each<A>...>>(
      event_loop, sizeof...(A), where, [&](GatherCore& core) {
        std::apply(
            [&](const auto&... future) { (core.watch(future.state()), ...); },
            futures);
      });
}

template <template <class> class Each, Awaitable A>
auto gather_vector(std::vector<A> awaitables, SourceLocation where) {
  EventLoop& event_loop =
      awaitables.empty() ? get_running_loop() : loop_of(awaitables.front());
  std::vector<Future<AwaitResult<A>>> futures;
  futures.reserve(awaitables.size());
  for (A& awaitable : awaitables) {
    futures.push_back(ensure_future(event_loop, std::move(awaitable), where));
  }
  return make<InVector<Each<A>>>(event_loop, futures.size(), where,
                                 [&](GatherCore& core) {
                                   for (const auto& future : futures)
                                     core.watch(future.state());
                                 });
}

}  // namespace gather_internal

/// Runs several awaitables concurrently, and returns a future of all their
/// results.
///
/// ```cpp
/// const auto [text, image] = co_await loop::gather(fetch(a), fetch_image(b));
/// ```
///
/// Returns a Future of a std::tuple of the results, in the order of the
/// arguments, with a std::monostate for each void result. Each awaitable that
/// is not a future becomes a task, which starts soon. Without arguments the
/// future is done at once.
///
/// The future fails with the first exception, at the latest in the next
/// iteration, without waiting for the other awaitables. These continue; their
/// exceptions are not reported. A cancelled awaitable counts as one that throws
/// CancelledError.
///
/// Cancelling the future cancels all awaitables that are pending. `co_await` of
/// the future then throws CancelledError as soon as the first of them is
/// cancelled or, with return_exceptions, when all are done.
///
/// The loop is that of the first awaitable if that is a future, otherwise the
/// running loop. Throws ValueError if a future belongs to another loop;
/// RuntimeError if a running loop is needed and there is none. Threads: the
/// loop's thread only.
///
/// Differs from Python: a future that is destroyed while pending counts as
/// cancelled, and a gather() of futures that are all done is done at once, in
/// asyncio an iteration later. Port of asyncio.gather (CPython 3.15,
/// Lib/asyncio/tasks.py).
template <Awaitable... A>
[[nodiscard]] auto gather(A... awaitables) {
  return gather_internal::gather_tuple<gather_internal::Result>(
      std::move(awaitables)...);
}

/// Runs several awaitables concurrently, and returns a future of all their
/// results and exceptions.
///
/// ```cpp
/// auto outcomes = co_await loop::gather(loop::return_exceptions, f(), g());
/// if (std::get<0>(outcomes).exception()) retry();
/// ```
///
/// Exceptions do not end the gather(): each result in the std::tuple is an
/// Outcome<T>. All else is as for gather() without return_exceptions.
template <Awaitable... A>
[[nodiscard]] auto gather(ReturnExceptions, A... awaitables) {
  return gather_internal::gather_tuple<gather_internal::ResultOrException>(
      std::move(awaitables)...);
}

/// Runs the awaitables of a vector concurrently, and returns a future of a
/// std::vector of their results, in the same order.
///
/// ```cpp
/// std::vector<std::string> texts = co_await loop::gather(std::move(fetches));
/// ```
///
/// All else is as for gather() of several arguments.
template <Awaitable A>
[[nodiscard]] auto gather(std::vector<A> awaitables,
                          SourceLocation where = SourceLocation::current()) {
  return gather_internal::gather_vector<gather_internal::Result>(
      std::move(awaitables), where);
}

/// Runs the awaitables of a vector concurrently, and returns a future of a
/// std::vector of their outcomes, in the same order.
///
/// Exceptions do not end the gather(): each result is an Outcome<T>. All else
/// is as for gather() of several arguments.
template <Awaitable A>
[[nodiscard]] auto gather(ReturnExceptions, std::vector<A> awaitables,
                          SourceLocation where = SourceLocation::current()) {
  return gather_internal::gather_vector<gather_internal::ResultOrException>(
      std::move(awaitables), where);
}

}  // namespace loop

#endif  // LOOP_TASKS_GATHER_H_

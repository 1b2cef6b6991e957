// Waiting for several at a time, for all that they return.

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

// Says to gather() that exceptions are results like others.
struct ReturnExceptions {};
inline constexpr ReturnExceptions return_exceptions;

namespace gather_internal {

using Child = GatherCore::Child;

// What becomes of one child, which was made of an A, if exceptions are raised.
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

// The same, if they are returned.
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

// What becomes of all of them.
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
  void collect() override { this->result.emplace(All::of(children())); }
};

// The loop of the first, if that is a future.
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

template <template <class> class Each, Awaitable... A>
auto gather_tuple(SourceLocation where, A... awaitables) {
  EventLoop& event_loop = loop_of(awaitables...);
  // Braces: from left to right.
  const std::tuple<Future<AwaitResult<A>>...> futures{
      ensure_future(event_loop, std::move(awaitables), where)...};
  return make<InTuple<Each<A>...>>(
      event_loop, sizeof...(A), where, [&](GatherCore& core) {
        std::apply(
            [&](const auto&... future) { (core.watch(future.state()), ...); },
            futures);
      });
}

template <template <class> class Each, Awaitable A>
auto gather_vector(SourceLocation where, std::vector<A> awaitables) {
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

template <Awaitable... A>
auto start(SourceLocation where, A... awaitables) {
  return gather_tuple<Result>(where, std::move(awaitables)...);
}
template <Awaitable... A>
auto start(SourceLocation where, ReturnExceptions, A... awaitables) {
  return gather_tuple<ResultOrException>(where, std::move(awaitables)...);
}
template <Awaitable A>
auto start(SourceLocation where, std::vector<A> awaitables) {
  return gather_vector<Result>(where, std::move(awaitables));
}
template <Awaitable A>
auto start(SourceLocation where, ReturnExceptions, std::vector<A> awaitables) {
  return gather_vector<ResultOrException>(where, std::move(awaitables));
}

}  // namespace gather_internal

// Runs several awaitables at a time, and returns the future of all they return:
//
//   const auto [page, image] = co_await gather(fetch(a), fetch_image(b));
//   std::vector<std::string> pages = co_await gather(std::move(fetches));
//
// gather(a, b, ...) is a Future<std::tuple<A, B, ...>>, with a std::monostate
// for what returns void; gather(std::vector<A>) is a Future<std::vector<...>>.
// The results are in the order of the arguments. What is not a future
// becomes a task, which starts soon. Without arguments it is done at once.
//
// The first exception is that of the gather(), at once; the others go on, and
// their exceptions are dropped. So is a cancelled one a CancelledError. With
// gather(return_exceptions, ...) each element is an Outcome<T> instead.
//
// Who cancels it cancels all that are pending; it throws CancelledError as soon
// as the first of them is, or, with return_exceptions, when all are done.
//
// Throws ValueError if a future belongs to another loop than the first, which
// is the one that is running if the first is no future; RuntimeError if none
// is.
//
// It is a class, made by calling its constructor, for the sake of `where`: only
// so can there be a parameter behind any number of others.
// Differs from Python: a future that dies pending counts as cancelled.
// Port of asyncio.gather (CPython 3.15, Lib/asyncio/tasks.py).
template <class... A>
class [[nodiscard]] gather : public decltype(gather_internal::start(
                                 SourceLocation(), std::declval<A>()...)) {
 public:
  explicit gather(A... awaitables,
                  SourceLocation where = SourceLocation::current())
      : decltype(gather_internal::start(where, std::move(awaitables)...))(
            gather_internal::start(where, std::move(awaitables)...)) {}
};
template <class... A>
gather(A...) -> gather<A...>;
// One of one, not a copy.
template <class... A>
gather(gather<A...>) -> gather<gather<A...>>;

}  // namespace loop

#endif  // LOOP_TASKS_GATHER_H_

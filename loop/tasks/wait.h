// `wait()`: waits for some or all of several futures.

#ifndef LOOP_TASKS_WAIT_H_
#define LOOP_TASKS_WAIT_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/future_set.h"
#include "selectors/errors.h"
#include "selectors/wait_limit.h"

namespace loop {

/// The condition that ends a wait().
enum ReturnWhen {
  FIRST_COMPLETED,  ///< One future is done or cancelled.
  /// One future has an exception (cancellation is none), or all are done.
  FIRST_EXCEPTION,
  ALL_COMPLETED,  ///< All futures are done or cancelled.
};

/// The result of wait(): each future is either in `done` or in `pending`, both
/// in the order of the arguments.
///
/// ```cpp
/// auto [done, pending] = co_await loop::wait(tasks, 5s);
/// ```
template <class F>
struct WaitResult {
  WaitResult() = default;
  std::vector<F> done;     ///< The futures that are done.
  std::vector<F> pending;  ///< The futures that are not done.
};

// A future that is done when enough of the others are. The others refer to it
// until it is destroyed.
class WaitState final : public FutureState<void> {
 public:
  WaitState(EventLoop& event_loop, std::size_t size, ReturnWhen return_when,
            SourceLocation where)
      : FutureState<void>(event_loop, where),
        return_when_(return_when),
        others_(size),
        left_(size) {}
  ~WaitState() override { timer_.cancel(); }

  // Adds a future; called for each in order. Throws ValueError if it belongs to
  // another loop. The future must outlive this object.
  void watch(FutureCore& future);
  // Starts the timer; called after the last watch().
  void start_timer(selectors::WaitLimit timeout);

  void for_each_awaited(const std::function<void(FutureCore&)>& f) override;

 private:
  struct Other final : DoneCallback {
    void on_done(FutureCore&) override { wait->other_is_done(*this); }
    WaitState* wait = nullptr;
    FutureCore* future = nullptr;
  };

  void other_is_done(const Other& other);
  void wake_up();

  const ReturnWhen return_when_;
  std::vector<Other> others_;
  std::size_t watched_ = 0;
  std::size_t left_;
  TimerHandle timer_;
};

/// A type that wait() accepts: Future<T>, Task<T> or AnyTask.
template <class F>
concept Waitable = IsFuture<F> || std::same_as<F, AnyTask>;

/// Waits until the first of `futures` is done, or all are, or `timeout` has
/// passed, and returns which are done and which are pending.
///
/// ```cpp
/// auto [done, pending] =
///     co_await loop::wait(tasks, 5s, loop::FIRST_COMPLETED);
/// ```
///
/// Throws none of their exceptions, and no TimeoutError. Never cancels them,
/// not even if the calling task is cancelled. Tasks of several types can be
/// passed as AnyTask. Without a `timeout`, waits forever.
///
/// Throws ValueError if `futures` is empty, or if a future belongs to another
/// loop. Threads: the loop's thread only.
///
/// Differs from Python: if enough futures are done already, the task continues
/// at once; in asyncio two iterations later. Otherwise the task continues in
/// the iteration after the one in which enough are done; in asyncio one
/// iteration later. Port of asyncio.wait (CPython 3.15, Lib/asyncio/tasks.py).
template <Waitable F>
Coroutine<WaitResult<F>> wait(
    std::vector<F> futures, selectors::WaitLimit timeout = {},
    ReturnWhen return_when = ALL_COMPLETED,
    SourceLocation where = SourceLocation::current()) {
  if (futures.empty()) {
    throw selectors::ValueError("Set of Tasks/Futures is empty.");
  }
  remove_duplicates(futures);
  const Reference<FutureState<void>> waiting = [&] {
    const Reference state(
        new WaitState(get_running_loop(), futures.size(), return_when, where));
    for (const F& future : futures) state->watch(state_of(future));
    state->start_timer(timeout);
    return Reference<FutureState<void>>(state.get());
  }();
  co_await Future<void>(waiting);
  WaitResult<F> result;
  for (F& future : futures) {
    auto& half = state_of(future).done() ? result.done : result.pending;
    half.push_back(std::move(future));
  }
  co_return result;
}

/// Waits without a time limit until the first of `futures` is done, or all are.
///
/// ```cpp
/// auto [done, pending] = co_await loop::wait(tasks, loop::FIRST_COMPLETED);
/// ```
template <Waitable F>
Coroutine<WaitResult<F>> wait(
    std::vector<F> futures, ReturnWhen return_when,
    SourceLocation where = SourceLocation::current()) {
  return wait(std::move(futures), selectors::WaitLimit(), return_when, where);
}

namespace wait_internal {

template <class A>
concept Option =
    std::same_as<A, ReturnWhen> || std::convertible_to<A, selectors::WaitLimit>;

// The common type of all futures among the arguments: AnyTask if the types
// differ.
template <class First, class... Others>
using Common =
    std::conditional_t<((Option<Others> || std::same_as<Others, First>)&&...),
                       First, AnyTask>;

template <class F>
struct Arguments {
  void add(F future) { futures.push_back(std::move(future)); }
  void add(ReturnWhen when) { return_when = when; }
  void add(selectors::WaitLimit limit) { timeout = limit; }

  std::vector<F> futures;
  selectors::WaitLimit timeout;
  ReturnWhen return_when = ALL_COMPLETED;
};

}  // namespace wait_internal

/// Waits for the futures that are its arguments, which may be followed by a
/// timeout and a ReturnWhen.
///
/// ```cpp
/// auto [done, pending] =
///     co_await loop::wait(reader, writer, 5s, loop::FIRST_COMPLETED);
/// ```
///
/// Tasks of several types are returned as AnyTask. Differs from Python: there
/// only an iterable is accepted.
template <Waitable First, class... Others>
requires((Waitable<Others> ||
          wait_internal::Option<Others>)&&...) auto wait(First first,
                                                         Others... others) {
  wait_internal::Arguments<wait_internal::Common<First, Others...>> arguments;
  arguments.add(std::move(first));
  (arguments.add(std::move(others)), ...);
  return wait(std::move(arguments.futures), arguments.timeout,
              arguments.return_when);
}

}  // namespace loop

#endif  // LOOP_TASKS_WAIT_H_

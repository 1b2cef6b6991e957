// Waiting for some of several futures.

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

// What wait() waits for.
enum ReturnWhen {
  FIRST_COMPLETED,  // One that is done, or is cancelled.
  FIRST_EXCEPTION,  // One with an exception; being cancelled is none. Or all.
  ALL_COMPLETED,
};

// Each future is in one of them; both in the order of the arguments.
template <class F>
struct WaitResult {
  WaitResult() = default;
  std::vector<F> done;
  std::vector<F> pending;
};

// Is done when enough of the others are. They know of it until it dies.
class WaitState final : public FutureState<void> {
 public:
  WaitState(EventLoop& event_loop, std::size_t size, ReturnWhen return_when,
            SourceLocation where)
      : FutureState<void>(event_loop, where),
        return_when_(return_when),
        others_(size),
        left_(size) {}
  ~WaitState() override { timer_.cancel(); }

  // Each in turn. Throws ValueError if it is another loop's. It must exist for
  // as long.
  void watch(FutureCore& future);
  // After the last.
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

// A Future<T>, Task<T> or AnyTask.
template <class F>
concept Waitable = IsFuture<F> || std::same_as<F, AnyTask>;

/// Waits until the first of these futures is done, or all are, or `timeout` has
/// passed, and returns which are done and which are pending:
///
///   auto [done, pending] = co_await wait(tasks, 5s, FIRST_COMPLETED);
///
/// Throws none of their exceptions, and no TimeoutError. Never cancels them,
/// not even if the calling task is cancelled. For tasks of several types there
/// is AnyTask.
///
/// Throws ValueError if there are none, or if one belongs to another loop.
/// Differs from Python: if enough are done already, the task goes on at once,
/// in asyncio two iterations later. Otherwise it goes on in the iteration after
/// the one in which enough are done, in asyncio one iteration later. Port of
/// asyncio.wait (CPython 3.15, Lib/asyncio/tasks.py).
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

/// Waits without a time limit:
///
///   auto [done, pending] = co_await wait(tasks, FIRST_COMPLETED);
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

// The type of all futures among the arguments: AnyTask if they differ.
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

/// Waits for the futures that are its arguments, of which the last may be a
/// timeout and a ReturnWhen:
///
///   auto [done, pending] = co_await wait(reader, writer, 5s, FIRST_COMPLETED);
///
/// Tasks of several types are returned as AnyTask.
/// Differs from Python: there it takes an iterable only.
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

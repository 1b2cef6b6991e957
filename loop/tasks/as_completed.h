// `as_completed()`: runs several awaitables at a time, and returns each result
// as soon as it is known.

#ifndef LOOP_TASKS_AS_COMPLETED_H_
#define LOOP_TASKS_AS_COMPLETED_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/tasks/as_completed_core.h"
#include "loop/tasks/future_set.h"
#include "selectors/wait_limit.h"

namespace loop {

/// The result of as_completed(): a range of coroutines, and a queue of futures.
///
/// ```cpp
/// auto completed = loop::as_completed(tasks);
/// while (const auto task = co_await completed.next()) use(co_await *task);
/// ```
///
/// `kIsGivenUp`: the awaitables were not futures. Threads: the loop's thread
/// only.
template <class T, bool kIsGivenUp = false>
class [[nodiscard]] AsCompleted {
 private:
  // The coroutines may outlive this object.
  struct Shared {
    Shared(EventLoop& event_loop, std::vector<Future<T>> f,
           SourceLocation where)
        : futures(std::move(f)), core(event_loop, futures.size(), where) {}
    const std::vector<Future<T>> futures;
    AsCompletedCore core;
  };
  using SharedPointer = std::shared_ptr<Shared>;

 public:
  /// Watches `futures`; use as_completed().
  AsCompleted(EventLoop& event_loop, std::vector<Future<T>> futures,
              selectors::WaitLimit timeout, SourceLocation where)
      : shared_(
            std::make_shared<Shared>(event_loop, std::move(futures), where)) {
    for (const auto& future : shared_->futures) {
      shared_->core.watch(future.state());
    }
    shared_->core.start_timer(timeout);
  }

  /// Waits for the next future that is done, and returns it.
  ///
  /// Returns the future that was passed to as_completed(), or the task that
  /// as_completed() made; nullopt if none is left. Throws TimeoutError once for
  /// each future that is late.
  ///
  /// Differs from Python: if next() is cancelled while it waits, no future is
  /// missed; the next call waits for the same one.
  Coroutine<std::optional<Future<T>>> next() { return next_of(shared_); }

  /// An input iterator over coroutines, one for each future.
  ///
  /// A coroutine takes the next future that is done only when it is awaited,
  /// and returns its result or throws its exception; or throws TimeoutError.
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Coroutine<T>;

    /// Makes an iterator over the futures of `shared`.
    explicit Iterator(SharedPointer shared) : shared_(std::move(shared)) {}

    /// Returns the coroutine of this step. Dereference once for each step: each
    /// call counts as one future.
    Coroutine<T> operator*() const {
      shared_->core.take_turn();
      return result_of_next(shared_);
    }
    Iterator& operator++() { return *this; }
    void operator++(int) {}
    friend bool operator==(const Iterator& i, std::default_sentinel_t) {
      return !i.shared_->core.are_left();
    }

   private:
    SharedPointer shared_;
  };
  /// Returns an iterator over the futures that are left.
  Iterator begin() const { return Iterator(shared_); }
  /// Returns the end of the range.
  std::default_sentinel_t end() const { return {}; }

 private:
  static Future<T> future_of(FutureCore& state) {
    return Future<T>(Reference(static_cast<FutureState<T>*>(&state)));
  }

  // If the caller is cancelled while it waits, or memory runs out, the future
  // is left for another call.
  static Coroutine<std::optional<Future<T>>> next_of(SharedPointer shared) {
    AsCompletedCore& core = shared->core;
    if (!core.are_left()) co_return std::nullopt;
    core.take_turn();
    try {
      co_return future_of(*co_await core.get());
    } catch (const TimeoutError&) {
      throw;
    } catch (...) {
      core.give_turn_back();
      throw;
    }
  }
  static Coroutine<T> result_of_next(SharedPointer shared) {
    const Future<T> future = future_of(*co_await shared->core.get());
    co_return take_result<kIsGivenUp>(future);
  }

  SharedPointer shared_;
};

/// Runs several awaitables at a time, and returns their results in the order in
/// which they are done.
///
/// ```cpp
/// for (loop::Coroutine<Text> next :
///      loop::as_completed(std::move(fetches), 5s)) {
///   const Text text = co_await next;
/// }
/// ```
///
/// AsCompleted::next() returns the futures instead, to tell which of the given
/// tasks is done.
///
/// ```cpp
/// auto completed = loop::as_completed(tasks);
/// while (const auto task = co_await completed.next()) {
///   const Text text = co_await *task;
/// }
/// ```
///
/// Each awaitable that is not a future becomes a task, which starts soon. A
/// future that is passed twice counts once. After `timeout`, each result that
/// is still requested throws TimeoutError; the tasks continue.
///
/// Throws RuntimeError if no loop is running, ValueError if a future belongs to
/// another loop. Threads: the loop's thread only.
///
/// Differs from Python: the caller gets a future that is done at once, and any
/// other future in the iteration after the one in which it is done; in asyncio
/// one iteration later. Port of asyncio.as_completed (CPython 3.15,
/// Lib/asyncio/tasks.py).
template <Awaitable A>
AsCompleted<AwaitResult<A>, !IsFuture<A>> as_completed(
    std::vector<A> awaitables, selectors::WaitLimit timeout = {},
    SourceLocation where = SourceLocation::current()) {
  EventLoop& event_loop = get_running_loop();
  std::vector<Future<AwaitResult<A>>> futures;
  futures.reserve(awaitables.size());
  for (A& awaitable : awaitables) {
    futures.push_back(ensure_future(event_loop, std::move(awaitable), where));
  }
  remove_duplicates(futures);
  return AsCompleted<AwaitResult<A>, !IsFuture<A>>(
      event_loop, std::move(futures), timeout, where);
}

}  // namespace loop

#endif  // LOOP_TASKS_AS_COMPLETED_H_

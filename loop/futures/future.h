// `Future<T>`: a result that a loop's tasks and callbacks wait for.

#ifndef LOOP_FUTURES_FUTURE_H_
#define LOOP_FUTURES_FUTURE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/finally.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/exception_of.h"
#include "loop/futures/future_core.h"
#include "loop/futures/take_result.h"
#include "selectors/errors.h"

namespace loop {

/// The id of a done callback, with which Future::remove_done_callback() removes
/// it.
///
/// ```cpp
/// const auto id = future.add_done_callback([] { std::puts("done"); });
/// future.remove_done_callback(id);
/// ```
///
/// A small value. Use it in the loop's thread only. An id may be copied and
/// discarded, and may outlive both the callback and the future. It does not
/// keep the callback's function alive.
class DoneCallbackId {
 public:
  /// Makes the id of `callback`. For Future.
  explicit DoneCallbackId(Reference<FunctionCallback> callback)
      : callback_(std::move(callback)) {}
  /// Returns the callback. For Future.
  FunctionCallback& callback() const { return *callback_; }

  /// Returns whether both ids name the same callback.
  friend bool operator==(const DoneCallbackId& a, const DoneCallbackId& b) {
    return a.callback_.get() == b.callback_.get();
  }

 private:
  Reference<FunctionCallback> callback_;
};

/// A function that can be called when a future is done: with the future as its
/// argument, or without an argument.
template <class F, class Future>
concept DoneFunction = std::invocable<F&, Future> || std::invocable<F&>;

namespace future_internal {

// Calls a function with handle_of(future), if it takes an argument.
template <class F, class HandleOf>
class CallWithHandle final : public FunctionCallback {
 public:
  CallWithHandle(F function, HandleOf handle_of)
      : function_(std::move(function)), handle_of_(std::move(handle_of)) {}
  void call(FutureCore& future) override {
    if constexpr (std::invocable<F&, decltype(handle_of_(future))>) {
      (*function_)(handle_of_(future));
    } else {
      (*function_)();
    }
  }
  void destroy_function() override { function_.reset(); }

 private:
  std::optional<F> function_;
  [[no_unique_address]] HandleOf handle_of_;
};

template <class F, class HandleOf>
DoneCallbackId add_done_callback(FutureCore& future, F function,
                                 HandleOf handle_of) {
  const Reference<FunctionCallback> added(new CallWithHandle<F, HandleOf>(
      std::move(function), std::move(handle_of)));
  added->add_to(future);
  return DoneCallbackId(added);
}

inline std::size_t remove_done_callback(const FutureCore& future,
                                        const DoneCallbackId& id) {
  future.check_thread("remove_done_callback");
  return id.callback().remove_from(future) ? 1 : 0;
}

}  // namespace future_internal

/// A result that will be available later, for the tasks and callbacks of one
/// loop.
///
/// ```cpp
/// const auto answer = loop::create_future<int>(event_loop);
/// event_loop.call_soon([answer] { answer.set_result(42); });
/// const int n = co_await answer;
/// ```
///
/// A future is pending until it is given a result or an exception, or is
/// cancelled. Then it is done, forever.
///
/// A Future is a handle, like a reference in Python: copies refer to the same
/// future. All copies must be used and destroyed in the thread of the loop; for
/// other threads there is ConcurrentFuture. Debug mode (set_debug(true)) checks
/// this in most functions; copying a handle and result() check it only if the
/// future was made in debug mode. A future may outlive the loop; its callbacks
/// are then not called. T may be void, and need not be copyable. A moved-from
/// handle must not be used.
///
/// If no code retrieves an exception with result() or exception(), the
/// exception is reported to the loop's exception handler when the last handle
/// is destroyed.
///
/// Port of asyncio.Future (CPython 3.15, Lib/asyncio/futures.py).
template <class T = void>
class Future {
 public:
  /// The state that the handles share; for the layers above.
  using State = FutureState<T>;
  /// Makes a handle of the future with this state; for the layers above.
  explicit Future(Reference<State> state) : state_(std::move(state)) {}
  /// Returns the state; for the layers above.
  State& state() const { return *state_; }

  /// Makes a pending future of `event_loop`. Reports name `where` as the place
  /// where the future was made.
  explicit Future(EventLoop& event_loop,
                  SourceLocation where = SourceLocation::current())
      : state_(new State(event_loop, where)) {}

  /// Makes another handle of the future. In debug mode, throws RuntimeError in
  /// a wrong thread: see ConcurrentFuture for a result from another thread.
  Future(const Future& other) : state_(other.checked_state()) {}
  /// Moves the handle; the moved-from handle must not be used.
  Future(Future&&) noexcept = default;
  Future& operator=(const Future& other) { return *this = Future(other); }
  Future& operator=(Future&&) noexcept = default;
  ~Future() = default;

  /// Returns whether the future has a result or an exception, or was cancelled.
  bool done() const { return state_->done(); }
  /// Returns whether the future was cancelled.
  bool cancelled() const { return state_->cancelled(); }

  /// Returns a reference to the result, which stays in the future. Throws the
  /// exception that was set, CancelledError if the future was cancelled, or
  /// InvalidStateError if it is pending.
  decltype(auto) result() const {
    state_->check_result();
    if constexpr (!std::is_void_v<T>) return (*state_->result);
  }

  /// Returns the exception; nullptr if the future has a result. Throws
  /// CancelledError if the future was cancelled, or InvalidStateError if it is
  /// pending.
  std::exception_ptr exception() const { return state_->exception(); }

  /// Makes the future done with this result, and schedules the done callbacks.
  /// For a Future<void> there is no argument.
  ///
  /// Throws InvalidStateError if the future is done already, or if its result
  /// is being constructed, as that constructor must not set the future. Throws
  /// the exceptions of constructing the result. In these cases nothing has
  /// changed. Throws std::bad_alloc if there is no memory to schedule all
  /// callbacks. The future
  /// is done then, but the first callback without memory, and those after it,
  /// are never called.
  template <class... Value>
  void set_result(Value&&... value) const {
    static_assert(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1));
    state_->check_pending("set_result");
    {
      const FutureCore::StoringResult storing(*state_);
      state_->result.emplace(std::forward<Value>(value)...);
    }
    // The constructor of the result may have cancelled the future.
    if (done()) [[unlikely]]
      state_->check_pending("set_result");
    state_->set_finished();
  }
  /// Makes the future done with an exception, and schedules the done callbacks.
  ///
  /// `exception` may be an object of any type or a std::exception_ptr. A
  /// reference to a base class stands for the exception that is being handled,
  /// so nothing is sliced:
  ///
  /// ```cpp
  /// catch (const std::exception& error) { future.set_exception(error); }
  /// ```
  ///
  /// Throws InvalidStateError if the future is done already, or if its result
  /// is being constructed. Throws ValueError, and does nothing, if `exception`
  /// is an empty pointer, or refers to an object of a derived class that is not
  /// being handled. Throws std::bad_alloc if there is no memory to schedule all
  /// callbacks: see set_result().
  template <class Exception>
  void set_exception(Exception&& exception) const {
    state_->set_exception(exception_of(std::forward<Exception>(exception)));
  }

  /// Cancels the future: result() and `co_await` throw a CancelledError with
  /// this message. Schedules the done callbacks. Returns false, and does
  /// nothing, if the future is done already.
  bool cancel(std::string message = "") const {
    return state_->cancel(std::move(message));
  }

  /// Makes the loop call `callback` soon after the future is done, or soon if
  /// it already is. The callback gets the future as its argument, if it takes
  /// one. Callbacks are called in the order in which they were added.
  template <DoneFunction<Future> F>
  DoneCallbackId add_done_callback(F callback) const {
    return future_internal::add_done_callback(
        *state_, std::move(callback), [](FutureCore& state) {
          return Future(Reference(&static_cast<State&>(state)));
        });
  }

  /// Removes a callback and destroys it, in constant time. Returns the number
  /// of callbacks removed: 0 if the callback has been scheduled already.
  ///
  /// Differs from Python: takes the id that add_done_callback() returned, as
  /// functions cannot be compared in C++.
  std::size_t remove_done_callback(const DoneCallbackId& id) const {
    return future_internal::remove_done_callback(*state_, id);
  }

  /// Returns the loop of the future. Throws RuntimeError if the loop is closed.
  EventLoop& get_loop() const { return state_->get_loop(); }

  /// Returns whether both handles refer to the same future.
  friend bool operator==(const Future& a, const Future& b) {
    return a.state_.get() == b.state_.get();
  }

 private:
  const Reference<State>& checked_state() const {
    state_->check_copy();
    return state_;
  }

  Reference<State> state_;
};

/// Makes a pending future of `event_loop`. From the loop's thread. Port of
/// loop.create_future().
template <class T = void>
Future<T> create_future(EventLoop& event_loop,
                        SourceLocation where = SourceLocation::current()) {
  return Future<T>(event_loop, where);
}

/// Runs the loop until the future is done, and returns its result or throws its
/// exception.
///
/// The result is returned by reference and stays in the future, of which the
/// caller keeps a handle. Throws RuntimeError if stop() ended the run before
/// the future was done, if the loop is closed, or if a loop is running in this
/// thread.
///
/// Differs from Python: if stop() ends the run in the iteration in which the
/// future becomes done, the next run_forever() is not stopped by a left-over
/// callback.
///
/// Port of loop.run_until_complete().
template <class T>
decltype(auto) run_until_complete(const Future<T>& future) {
  EventLoop& event_loop = future.get_loop();
  // The callback may still be scheduled when the loop has stopped.
  const auto waiting = std::make_shared<bool>(true);
  const auto id = future.add_done_callback([&event_loop, waiting] {
    if (*waiting) event_loop.stop();
  });
  {
    const Finally forget([&] {
      *waiting = false;
      future.remove_done_callback(id);
    });
    event_loop.run_forever();
  }
  if (!future.done()) {
    throw selectors::RuntimeError(
        "Event loop stopped before Future completed.");
  }
  return future.result();
}

/// Runs the loop until the future is done, and returns its result by value, as
/// the caller gives up the handle: `auto page = run_until_complete(fetch());`.
/// The result is moved. If there are other handles and T is certainly copyable
/// (a trivially copyable type, a string, a std::shared_ptr, or a range of
/// these), it is copied instead. After a move the other handles throw
/// InvalidStateError. Throws the same exceptions as the overload above.
template <class T>
T run_until_complete(Future<T>&& future) {
  run_until_complete(std::as_const(future));
  return take_result<true>(future);
}

}  // namespace loop

#endif  // LOOP_FUTURES_FUTURE_H_

// A result that will be there later.

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
#include "loop/callbacks/source_location.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/exception_of.h"
#include "loop/futures/future_core.h"
#include "selectors/errors.h"

namespace loop {

/// Names a done callback of one future. A small value for the loop's thread,
/// which may be copied and forgotten and may outlive both; of the callback it
/// keeps no more than the name.
class DoneCallbackId {
 public:
  /// For Future.
  explicit DoneCallbackId(Reference<FunctionCallback> callback)
      : callback_(std::move(callback)) {}
  FunctionCallback& callback() const { return *callback_; }

  /// Returns whether they name the same callback.
  friend bool operator==(const DoneCallbackId& a, const DoneCallbackId& b) {
    return a.callback_.get() == b.callback_.get();
  }

 private:
  Reference<FunctionCallback> callback_;
};

// What can be called when a future is done: with it, or without an argument.
template <class F, class Future>
concept DoneFunction = std::invocable<F&, Future> || std::invocable<F&>;

// The place between those who will have a result and those who wait for it. It
// is pending, until it is given a result or an exception or is cancelled; then
// it is done, forever.
//
// A handle, like Python's reference: copies are the same future. Used by the
// thread of its loop only, down to its last copy, which set_debug(true) has
// checked; a ConcurrentFuture is for any thread. It may outlive
// the loop; what is done then calls nobody any more. T may be void, and need
// not be copied. A handle that was moved from must not be used.
//
// An exception that nobody asked for with result() or exception() is told to
// the loop's exception handler when the last handle goes.
//
// Port of asyncio.Future (CPython 3.15, Lib/asyncio/futures.py).
template <class T = void>
class Future {
 public:
  // What the handles share; for the layers above.
  using State = FutureState<T>;
  explicit Future(Reference<State> state) : state_(std::move(state)) {}
  State& state() const { return *state_; }

  Future(EventLoop& event_loop,
         SourceLocation where = SourceLocation::current())
      : state_(new State(event_loop, where)) {}

  /// Makes another handle of the future. In debug mode, throws RuntimeError in
  /// a wrong thread: see ConcurrentFuture for a result from another thread.
  Future(const Future& other) : state_(other.checked_state()) {}
  Future(Future&&) noexcept = default;
  Future& operator=(const Future& other) { return *this = Future(other); }
  Future& operator=(Future&&) noexcept = default;
  ~Future() = default;

  bool done() const { return state_->done(); }
  bool cancelled() const { return state_->cancelled(); }

  // The result, which stays in the future. Throws the exception that it was
  // given instead; CancelledError; InvalidStateError if it is pending.
  decltype(auto) result() const {
    state_->check_result();
    if constexpr (!std::is_void_v<T>) return (*state_->result);
  }

  // The exception; nullptr if it has a result instead. Throws CancelledError;
  // InvalidStateError if it is pending.
  std::exception_ptr exception() const { return state_->exception(); }

  // Each makes it done and schedules the done callbacks.
  // Throws InvalidStateError if it is done already. If there is no memory to
  // schedule them all, throws std::bad_alloc: it is done then, but the one for
  // which there was none, and those after it, are never told.
  // A Future<void> is given no value.
  template <class... Value>
  void set_result(Value&&... value) const {
    static_assert(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1));
    state_->check_pending("set_result");
    state_->result.emplace(std::forward<Value>(value)...);
    state_->set_finished();
  }
  /// Makes it done with an exception instead, as above. `exception` may be an
  /// object of any type or a std::exception_ptr. A reference to a base class
  /// stands for the exception that is being handled, so nothing is sliced:
  ///
  ///   catch (const std::exception& error) { future.set_exception(error); }
  ///
  /// Throws ValueError, and does nothing, if `exception` is an empty pointer,
  /// or refers to an object of a derived class that is not being handled.
  template <class Exception>
  void set_exception(Exception&& exception) const {
    state_->set_exception(exception_of(std::forward<Exception>(exception)));
  }

  // Makes it done without a result: who asks for it gets a CancelledError with
  // this message. Returns false, and does nothing, if it is done already.
  bool cancel(std::string message = "") const {
    return state_->cancel(std::move(message));
  }

  // Has the loop call `callback` soon after the future is done, or soon if it
  // is. With the future as its argument, if it takes one. Callbacks are called
  // in the order in which they were added.
  template <DoneFunction<Future> F>
  DoneCallbackId add_done_callback(F callback) const {
    const Reference<FunctionCallback> added(new Done<F>(std::move(callback)));
    added->add_to(*state_);
    return DoneCallbackId(added);
  }

  /// Removes a callback and destroys it, in constant time. Returns the number
  /// of callbacks removed: 0 if it has been scheduled already. Differs from
  /// Python: by the id that adding it returned, as functions of C++ cannot be
  /// compared.
  std::size_t remove_done_callback(const DoneCallbackId& id) const {
    state_->check_thread("remove_done_callback");
    return id.callback().remove_from(*state_) ? 1 : 0;
  }

  // Throws RuntimeError if the loop is closed.
  EventLoop& get_loop() const { return state_->get_loop(); }

  // Are they the same future?
  friend bool operator==(const Future& a, const Future& b) {
    return a.state_.get() == b.state_.get();
  }

 private:
  template <class F>
  struct Done : FunctionCallback {
    explicit Done(F f) : function(std::move(f)) {}
    void call(FutureCore& state) override {
      if constexpr (std::invocable<F&, Future>) {
        (*function)(Future(Reference(&static_cast<State&>(state))));
      } else {
        (*function)();
      }
    }
    void destroy_function() override { function.reset(); }
    std::optional<F> function;
  };

  const Reference<State>& checked_state() const {
    state_->check_copy();
    return state_;
  }

  Reference<State> state_;
};

// A pending future. Port of loop.create_future().
template <class T = void>
Future<T> create_future(EventLoop& event_loop,
                        SourceLocation where = SourceLocation::current()) {
  return Future<T>(event_loop, where);
}

// Runs the loop until the future is done, and returns its result or throws what
// its result() throws. A reference to it, so that somebody has to keep a handle
// for as long as it is used. Throws RuntimeError if stop() ended it before, if
// the loop is closed, or if a loop is running in this thread. Differs from
// Python: if stop() ends it in the iteration in which the future is done, the
// next run_forever() does not stop for its sake. Port of
// loop.run_until_complete().
template <class T>
decltype(auto) run_until_complete(const Future<T>& future) {
  EventLoop& event_loop = future.get_loop();
  // The callback may still be scheduled when this has returned.
  const auto waiting = std::make_shared<bool>(true);
  const auto id = future.add_done_callback([&event_loop, waiting] {
    if (*waiting) event_loop.stop();
  });
  const auto forget = [&] {
    *waiting = false;
    future.remove_done_callback(id);
  };
  try {
    event_loop.run_forever();
  } catch (...) {
    forget();
    throw;
  }
  forget();
  if (!future.done()) {
    throw selectors::RuntimeError(
        "Event loop stopped before Future completed.");
  }
  return future.result();
}

}  // namespace loop

#endif  // LOOP_FUTURES_FUTURE_H_

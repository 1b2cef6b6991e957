// `ConcurrentFuture<T>`: a future result that any thread may give or wait for.

#ifndef LOOP_FUTURES_CONCURRENT_FUTURE_H_
#define LOOP_FUTURES_CONCURRENT_FUTURE_H_

#include <concepts>
#include <condition_variable>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/futures/exception_of.h"
#include "loop/futures/future_core.h"
#include "loop/futures/nested_destruction.h"
#include "selectors/wait_limit.h"

namespace loop {

/// The state that the handles of one ConcurrentFuture share, except for the
/// result. The lock is never held while user code runs.
class ConcurrentFutureState
    : public std::enable_shared_from_this<ConcurrentFutureState> {
 public:
  /// Each of these implements the function of this name of ConcurrentFuture.
  bool cancelled() const;
  bool running() const;
  bool done() const;
  bool cancel(std::string message);
  bool set_running_or_notify_cancel();
  bool set_exception(std::exception_ptr exception);
  std::exception_ptr exception(const selectors::WaitLimit& timeout);

  /// Waits until the future is done. If there is no result, throws the error
  /// that result() throws. `use`: whether the caller reads the result or takes
  /// it out.
  enum class Use { kRead, kTake };
  void check_result(const selectors::WaitLimit& timeout, Use use);

  /// Reserves the future for the result that the caller is about to make: other
  /// threads can neither give one nor cancel any more. Returns false if the
  /// future is cancelled. Throws InvalidStateError if the future is done, or is
  /// reserved.
  bool begin_result(const char* function);
  /// Undoes begin_result(), because the result could not be made.
  void abandon_result();
  /// Makes the future done after begin_result(), and calls the done callbacks.
  void finish_result();

  void add_done_callback(Callback callback);

 private:
  enum class Phase { kPending, kRunning, kCancelled, kFinished };

  bool is_done() const;  // The caller holds the lock.
  void wait(const selectors::WaitLimit& timeout);
  void finish(std::unique_lock<std::mutex> lock, Phase phase);
  static void call(Callback callback) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kPending;
  bool has_giver_ = false;  // A thread is making the result.
  bool is_taken_ = false;   // The result was taken out.
  std::exception_ptr exception_;
  std::string cancel_message_;
  std::vector<Callback> callbacks_;  // Pinned.
};

/// A result that one thread gives and another thread gets: a value, an
/// exception or a cancellation.
///
/// A thread waits for the result with result(). A coroutine of any loop waits
/// with `co_await`, which blocks no thread:
///
/// ```cpp
/// loop::ConcurrentFuture<int> answer;
/// library.ask([answer](int n) { answer.set_result(n); });  // In its thread.
/// const int n = co_await answer;
/// ```
///
/// A ConcurrentFuture is a handle, like a reference in Python: copies refer to
/// the same future, and the last copy frees it. All functions may be called
/// from any thread. Destroying a handle does not cancel the future. A
/// moved-from handle must not be used.
///
/// T may be void, and need not be copyable. `co_await future` copies the
/// result, which stays in the future for others. `co_await std::move(future)`
/// takes the result out, and so does awaiting a function's return value.
/// Through gather(), wait_for() and the like a copyable result is copied.
///
/// As in Python, an exception that no code retrieves is not reported; a Future
/// reports it.
///
/// Port of concurrent.futures.Future (CPython 3.15,
/// Lib/concurrent/futures/_base.py).
template <class T>
class ConcurrentFuture {
 public:
  /// Makes a pending future.
  ConcurrentFuture() : state_(new State, destroy) {}

  /// Returns whether the future was cancelled.
  bool cancelled() const { return state_->cancelled(); }

  /// Returns whether the work has begun, so that the future cannot be
  /// cancelled.
  bool running() const { return state_->running(); }

  /// Returns whether the future has a result or an exception, or was cancelled.
  bool done() const { return state_->done(); }

  /// Cancels the future, and calls the done callbacks in this thread. Returns
  /// false, and does nothing, if the work is running or the future has a result
  /// or an exception. `message` is the message of the CancelledError.
  bool cancel(std::string message = "") const {
    return state_->cancel(std::move(message));
  }

  /// Waits until the future is done, for `timeout` at most, and returns the
  /// result, which stays in the future.
  ///
  /// Throws the exception that was set, CancelledError, TimeoutError, or
  /// InvalidStateError if the result was taken out before. In a loop's thread
  /// use `co_await` instead: while result() blocks, nothing else runs there,
  /// not even the code that may give the result.
  std::add_lvalue_reference_t<T> result(
      const selectors::WaitLimit& timeout = {}) const& {
    state_->check_result(timeout, ConcurrentFutureState::Use::kRead);
    if constexpr (!std::is_void_v<T>) return *state_->result;
  }
  /// Waits until the future is done, for `timeout` at most, and takes the
  /// result out; for a handle that is a temporary. Throws the exception that
  /// was set, CancelledError, TimeoutError, or InvalidStateError if the result
  /// was taken out before.
  T result(const selectors::WaitLimit& timeout = {}) && {
    state_->check_result(timeout, ConcurrentFutureState::Use::kTake);
    if constexpr (!std::is_void_v<T>) {
      T result(std::move(*state_->result));
      state_->result.reset();
      return result;
    }
  }

  /// Waits until the future is done, for `timeout` at most, and returns the
  /// exception; nullptr if the future has a result. Throws CancelledError or
  /// TimeoutError.
  std::exception_ptr exception(const selectors::WaitLimit& timeout = {}) const {
    return state_->exception(timeout);
  }

  /// Calls `callback` once the future is done, in the thread that makes it
  /// done, or immediately in this thread if it already is.
  ///
  /// The callback gets the future as its argument, if it takes one. Exceptions
  /// that callbacks throw are reported by
  /// EventLoop::default_exception_handler().
  template <class F>
  requires(std::invocable<F&, ConcurrentFuture> ||
           std::invocable<F&>) void add_done_callback(F callback) const {
    if constexpr (std::invocable<F&, ConcurrentFuture>) {
      state_->add_done_callback(
          [state = state_.get(), callback = std::move(callback)]() mutable {
            callback(ConcurrentFuture(
                std::static_pointer_cast<State>(state->shared_from_this())));
          });
    } else {
      state_->add_done_callback(std::move(callback));
    }
  }

  // ---- For the thread that gives the result ----

  /// Marks the work as running: from now on cancel() returns false. Returns
  /// false if the future was cancelled; then the work should not be done.
  /// Throws InvalidStateError if the work has begun or the future is done.
  bool set_running_or_notify_cancel() const {
    return state_->set_running_or_notify_cancel();
  }

  /// Makes the future done with this result, and calls the done callbacks in
  /// this thread. For a ConcurrentFuture<void> there is no argument.
  ///
  /// Returns false, and does nothing, if the future was cancelled. Throws
  /// InvalidStateError if the future has a result or an exception already, and
  /// the exceptions of constructing the result from `value`; then nothing has
  /// changed.
  ///
  /// Differs from Python: there, set_result() of a cancelled future raises
  /// InvalidStateError, although the thread that has the result cannot know of
  /// the cancellation.
  template <class... Value>
  bool set_result(Value&&... value) const {
    static_assert(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1));
    if (!state_->begin_result("set_result")) return false;
    try {
      state_->result.emplace(std::forward<Value>(value)...);
    } catch (...) {
      state_->abandon_result();
      throw;
    }
    state_->finish_result();
    return true;
  }

  /// Makes the future done with an exception, and calls the done callbacks in
  /// this thread.
  ///
  /// `exception` may be an object of any type or a std::exception_ptr. Nothing
  /// is sliced: see Future::set_exception(). Returns false, and does nothing,
  /// if the future was cancelled. Throws InvalidStateError if the future has a
  /// result or an exception already. Throws ValueError if `exception` is an
  /// empty pointer, or refers to an object of a derived class that is not being
  /// handled. On a throw nothing has changed.
  template <class Exception>
  bool set_exception(Exception&& exception) const {
    return state_->set_exception(
        exception_of(std::forward<Exception>(exception)));
  }

  /// Converts to a std::future that takes the result out, for code that needs
  /// one. Beyond Python.
  operator std::future<T>() && {  // NOLINT: implicit, as it takes the result
    std::promise<T> promise;
    std::future<T> future = promise.get_future();
    add_done_callback(
        [promise = std::move(promise)](ConcurrentFuture done) mutable {
          try {
            if constexpr (std::is_void_v<T>) {
              done.result();
              promise.set_value();
            } else {
              promise.set_value(std::move(done).result());
            }
          } catch (...) {
            promise.set_exception(std::current_exception());
          }
        });
    return future;
  }

  /// Returns whether both handles refer to the same future.
  friend bool operator==(const ConcurrentFuture&,
                         const ConcurrentFuture&) = default;

 private:
  struct State : ConcurrentFutureState {
    std::optional<StoredResult<T>> result;
  };

  explicit ConcurrentFuture(std::shared_ptr<State> state)
      : state_(std::move(state)) {}

  // Results and callbacks may own further futures, in chains of any length.
  static void destroy(State* state) noexcept {
    NestedDestruction::run([](void* s) { delete static_cast<State*>(s); },
                           state);
  }

  std::shared_ptr<State> state_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_CONCURRENT_FUTURE_H_

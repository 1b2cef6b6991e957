// `ConcurrentFuture<T>`: a result that comes later, for any thread.

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
#include "selectors/wait_limit.h"

namespace loop {

/// What the handles of one ConcurrentFuture share, but for the result itself.
/// The lock is never held while code of the user's runs.
class ConcurrentFutureState
    : public std::enable_shared_from_this<ConcurrentFutureState> {
 public:
  /// Each as the function of this name of ConcurrentFuture.
  bool cancelled() const;
  bool running() const;
  bool done() const;
  bool cancel(std::string message);
  bool set_running_or_notify_cancel();
  bool set_exception(std::exception_ptr exception);
  std::exception_ptr exception(const selectors::WaitLimit& timeout);

  /// Waits until it is done, and throws what result() throws unless there is a
  /// result, to be read or to be taken out.
  enum class Use { kRead, kTake };
  void check_result(const selectors::WaitLimit& timeout, Use use);

  /// Before a result is made; nobody else may give one now, or cancel. Returns
  /// false if it is cancelled. Throws InvalidStateError if it is done, or about
  /// to be.
  bool begin_result(const char* function);
  /// The result could not be made: it is as it was before begin_result().
  void abandon_result();
  void finish_result();

  void add_done_callback(Callback callback);

 private:
  enum class Phase { kPending, kRunning, kCancelled, kFinished };

  bool is_done() const;  // With the lock.
  void wait(const selectors::WaitLimit& timeout);
  void finish(std::unique_lock<std::mutex> lock, Phase phase);
  static void call(Callback callback);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kPending;
  bool has_giver_ = false;  // Somebody is giving it a result.
  bool is_taken_ = false;   // The result is not there any more.
  std::exception_ptr exception_;
  std::string cancel_message_;
  std::vector<Callback> callbacks_;  // Pinned.
};

/// A result that one thread gives and another one gets, as a value, an
/// exception or a cancellation. A thread waits for it with result(); a
/// coroutine of any loop with co_await, which keeps no thread busy:
///
///   loop::ConcurrentFuture<int> answer;
///   library.ask([answer](int n) { answer.set_result(n); });  // In its thread.
///   const int n = co_await answer;
///
/// A handle, as Python's reference is: copies are the same future, and the last
/// one frees it. All functions may be called from any thread. Dropping a handle
/// cancels nothing. A handle that was moved from must not be used.
///
/// T may be void, and need not be copied. `co_await future` copies the result,
/// which stays there for others; `co_await std::move(future)`, and awaiting
/// what a function returned, takes it out. Through gather(), wait_for() and the
/// like a result that can be copied is copied.
///
/// Differs from Python: an exception that nobody asks for is not reported; nor
/// is it there. Port of concurrent.futures.Future (CPython 3.15,
/// Lib/concurrent/futures/_base.py).
template <class T>
class ConcurrentFuture {
 public:
  /// Makes a pending one.
  ConcurrentFuture() : state_(std::make_shared<State>()) {}

  /// Returns whether it was cancelled.
  bool cancelled() const { return state_->cancelled(); }

  /// Returns whether its work has begun, so that it cannot be cancelled.
  bool running() const { return state_->running(); }

  /// Returns whether it has a result or an exception, or was cancelled.
  bool done() const { return state_->done(); }

  /// Cancels it, and calls the done callbacks here. Returns false, and does
  /// nothing, if its work is running or it has a result. `message` is that of
  /// the CancelledError.
  bool cancel(std::string message = "") const {
    return state_->cancel(std::move(message));
  }

  /// Waits until it is done, for `timeout` at most, and returns the result,
  /// which stays in the future; a handle that is a temporary takes it out.
  /// Throws the exception that was set, CancelledError, TimeoutError, or
  /// InvalidStateError if the result was taken out before. A loop's thread
  /// should co_await instead: nothing else runs there meanwhile, not even what
  /// may give the result.
  std::add_lvalue_reference_t<T> result(
      const selectors::WaitLimit& timeout = {}) const& {
    state_->check_result(timeout, ConcurrentFutureState::Use::kRead);
    if constexpr (!std::is_void_v<T>) return *state_->result;
  }
  T result(const selectors::WaitLimit& timeout = {}) && {
    state_->check_result(timeout, ConcurrentFutureState::Use::kTake);
    if constexpr (!std::is_void_v<T>) {
      T result(std::move(*state_->result));
      state_->result.reset();
      return result;
    }
  }

  /// Waits as result() does, and returns the exception, nullptr if it has a
  /// result. Throws CancelledError or TimeoutError.
  std::exception_ptr exception(const selectors::WaitLimit& timeout = {}) const {
    return state_->exception(timeout);
  }

  /// Calls `callback` once it is done, in the thread that makes it so, or here
  /// and now if it is; with the future as its argument, if it takes one. What a
  /// callback throws is reported by EventLoop::default_exception_handler().
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

  // ---- For whoever gives the result ----

  /// Says that the work begins: from now on cancel() returns false. Returns
  /// false if it was cancelled; then the work should not be done. Throws
  /// InvalidStateError if it has begun or is done.
  bool set_running_or_notify_cancel() const {
    return state_->set_running_or_notify_cancel();
  }

  /// Makes it done with this result, and calls the done callbacks here. A
  /// ConcurrentFuture<void> is given none. Returns false, and does nothing, if
  /// it was cancelled. Throws InvalidStateError if it has a result or an
  /// exception already, and what making the result of `value` throws; then
  /// nothing has changed. Differs from Python: throws InvalidStateError there
  /// if it was cancelled, which the thread that has the result cannot know.
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

  /// Makes it done with an exception, which may be an object of any type or a
  /// std::exception_ptr, and calls the done callbacks here. Nothing is sliced:
  /// see Future::set_exception(). Returns false, and does nothing, if it was
  /// cancelled. Throws InvalidStateError if it has a result or an exception
  /// already, and ValueError as Future::set_exception() does; then nothing has
  /// changed.
  template <class Exception>
  bool set_exception(Exception&& exception) const {
    return state_->set_exception(
        exception_of(std::forward<Exception>(exception)));
  }

  /// A std::future that takes the result, for code that wants one. Beyond
  /// Python.
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

  /// Returns whether they are the same future.
  friend bool operator==(const ConcurrentFuture&,
                         const ConcurrentFuture&) = default;

 private:
  struct State : ConcurrentFutureState {
    std::optional<StoredResult<T>> result;
  };

  explicit ConcurrentFuture(std::shared_ptr<State> state)
      : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_CONCURRENT_FUTURE_H_

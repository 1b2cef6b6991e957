// `co_await future`.

#ifndef LOOP_COROUTINES_FUTURE_AWAITER_H_
#define LOOP_COROUTINES_FUTURE_AWAITER_H_

#include <concepts>
#include <coroutine>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_state.h"

namespace loop {

// A task that waits for a future, which must exist for as long.
class FutureWait final : public Wait, public DoneCallback {
 public:
  explicit FutureWait(FutureState& future) : future_(future) {}

  // In await_suspend(): the future is pending. Throws RuntimeError if the
  // future is the task itself, or another loop's.
  void start(Frame& frame) {
    auto& task = static_cast<TaskCore&>(frame.call_stack());
    if (&future_ == &task.future() ||
        future_.loop_reference() != task.future().loop_reference()) [[unlikely]]
      throw_not_awaitable(task);
    future_.add_waiting(*this);
    task_ = &task;
    task.wait_for(*this);
  }

  /// In await_resume(). Throws CancelledError if the task was cancelled when
  /// the future was done already; the future's exception counts as retrieved
  /// then.
  void end() {
    if (task_ != nullptr && task_->take_cancellation()) [[unlikely]]
      end_cancelled();
  }

  bool cancel(const std::string& message) override {
    return future_.cancel(message);
  }
  FutureState* future() const override { return &future_; }
  void on_done(FutureState&) override {
    // In a cycle the task has been woken: see TaskCore::wake_in_cycle().
    if (!task_->is_wait_cancelled()) task_->wake_up();
  }

 private:
  void end_cancelled();
  [[noreturn]] void throw_not_awaitable(const TaskCore& task) const;

  FutureState& future_;
  TaskCore* task_ = nullptr;  // nullptr: it did not have to wait.
};

// Can it be copied? A vector says so even if what is in it cannot.
template <class T>
inline constexpr bool kCopyable = std::is_copy_constructible_v<T>;
template <class T>
requires requires {
  typename T::value_type;
} &&(!std::same_as<T, typename T::value_type>)inline constexpr bool kCopyable<
    T> = std::is_copy_constructible_v<T> && kCopyable<typename T::value_type>;
template <class... T>
inline constexpr bool kCopyable<std::tuple<T...>> = (kCopyable<T> && ...);

// Waits until the future is done, and returns its result or throws what its
// result() throws. If it is done, it goes on at once.
//
// Who cancels a task that waits cancels the future, too: see shield().
//
// A result that can be copied is, unless nobody else has a handle of the
// future; one that cannot be copied is taken out of it, by the first who waits.
template <class T>
class FutureAwaiter {
 public:
  explicit FutureAwaiter(Future<T> future)
      : future_(std::move(future)), wait_(future_.state()) {}
  FutureAwaiter(const FutureAwaiter&) = delete;
  FutureAwaiter& operator=(const FutureAwaiter&) = delete;

  bool await_ready() const { return future_.done(); }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    wait_.start(self.promise());
  }
  T await_resume() {
    wait_.end();
    if constexpr (std::is_void_v<T>) {
      future_.result();
    } else if constexpr (kCopyable<T>) {
      T& result = future_.result();
      if (future_.state().is_only_reference()) return std::move(result);
      return result;
    } else {
      return std::move(future_.result());
    }
  }

 private:
  const Future<T> future_;
  FutureWait wait_;
};

template <class T>
FutureAwaiter<T> operator co_await(const Future<T>& future) {
  return FutureAwaiter<T>(future);
}
// A temporary does not count as somebody else's handle.
template <class T>
FutureAwaiter<T> operator co_await(Future<T>&& future) {
  return FutureAwaiter<T>(std::move(future));
}

// `co_await as_passed(a)` awaits an argument that was passed by value; see also
// the overload for a ConcurrentFuture.
template <class A>
A&& as_passed(A& awaitable) {
  return std::move(awaitable);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_FUTURE_AWAITER_H_

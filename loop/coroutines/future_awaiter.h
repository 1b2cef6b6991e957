// `FutureAwaiter`: `co_await` for a Future or a Task.

#ifndef LOOP_COROUTINES_FUTURE_AWAITER_H_
#define LOOP_COROUTINES_FUTURE_AWAITER_H_

#include <string>
#include <type_traits>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/take_result.h"

namespace loop {

// The wait of a task for a future, which must outlive the wait.
class FutureBlocker final : public Blocker, public DoneCallback {
 public:
  explicit FutureBlocker(FutureCore& future) : future_(future) {}

  // Begins the wait, in await_suspend(). The future must be pending. Throws
  // RuntimeError if it is the task itself or belongs to another loop.
  void start(Frame& frame) {
    TaskCore& task = TaskCore::of(frame);
    if (&future_ == &task.future() ||
        future_.loop_reference() != task.future().loop_reference()) [[unlikely]]
      throw_not_awaitable(task);
    future_.add_waiting(*this);
    task_ = &task;
    task.block_on(*this);
  }

  /// Ends the wait, in await_resume(). Throws CancelledError if the task was
  /// cancelled when the future was done already; the future's exception then
  /// counts as retrieved.
  void end() {
    if (task_ != nullptr && task_->take_cancellation()) [[unlikely]]
      end_cancelled();
  }

  bool cancel(const std::string& message) override {
    return future_.cancel(message);
  }
  FutureCore* future() const override { return &future_; }
  void on_done(FutureCore&) override {
    // If tasks await one another in a cycle, the task has been woken already:
    // see TaskCore::wake_in_cycle().
    if (!task_->is_wait_cancelled()) task_->wake_up();
  }

 private:
  void end_cancelled();
  [[noreturn]] void throw_not_awaitable(const TaskCore& task) const;

  FutureCore& future_;
  TaskCore* task_ = nullptr;  // nullptr: there was no wait.
};

/// The awaiter of `co_await future`: waits until the future is done, and
/// returns its result or throws the exception that its result() throws.
///
/// ```cpp
/// loop::Task<std::string> task = loop::create_task(read_line());
/// const std::string line = co_await task;
/// ```
///
/// The task is not suspended if the future is done already. Cancelling a task
/// while it waits cancels the future, too: see shield(). Throws RuntimeError if
/// the future is the waiting task itself, or belongs to another loop.
///
/// If the caller keeps the future (`co_await task`), its result is copied,
/// unless there is no other handle; a result that cannot be copied is moved. If
/// the caller gives the future up (`co_await create_task(f())`, `co_await
/// std::move(task)`), its result is moved; but if there are other handles, and
/// T is a number, a string, a std::shared_ptr or a range of such, it is copied.
/// After a move the other handles throw InvalidStateError.
///
/// Threads: the loop's thread only.
template <class T, bool kIsGivenUp = false>
class FutureAwaiter : public FrameAwaiter<FutureAwaiter<T, kIsGivenUp>> {
 public:
  explicit FutureAwaiter(Future<T> future)
      : future_(std::move(future)), blocker_(future_.state()) {}
  FutureAwaiter(const FutureAwaiter&) = delete;
  FutureAwaiter& operator=(const FutureAwaiter&) = delete;

  bool await_ready() const { return future_.done(); }
  void suspend(Frame& frame) { blocker_.start(frame); }
  T await_resume() {
    blocker_.end();
    return take_result<kIsGivenUp>(future_);
  }

 private:
  const Future<T> future_;
  FutureBlocker blocker_;
};

/// Waits until `future` is done; keeps the future. See FutureAwaiter.
template <class T>
FutureAwaiter<T> operator co_await(const Future<T>& future) {
  return FutureAwaiter<T>(future);
}
/// Waits until `future` is done; gives the future up. See FutureAwaiter.
template <class T>
FutureAwaiter<T, true> operator co_await(Future<T>&& future) {
  return FutureAwaiter<T, true>(std::move(future));
}

namespace future_awaiter_internal {

template <class T>
std::true_type is_future(const Future<T>&);
std::false_type is_future(...);

}  // namespace future_awaiter_internal

/// A Future<T>, or a type derived from one: a Task<T>.
template <class A>
concept IsFuture =
    decltype(future_awaiter_internal::is_future(std::declval<A>()))::value;

// `co_await as_passed(a)` awaits an argument that was passed by value. A future
// is kept, since the caller may have another handle; anything else is moved.
// ConcurrentFuture has an overload of its own.
template <class A>
decltype(auto) as_passed(A& awaitable) {
  if constexpr (IsFuture<A>) {
    return std::as_const(awaitable);
  } else {
    return std::move(awaitable);
  }
}

}  // namespace loop

#endif  // LOOP_COROUTINES_FUTURE_AWAITER_H_

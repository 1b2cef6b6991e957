// `ThreadPoolExecutor`: threads for what would keep a loop from its work.

#ifndef LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_
#define LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/outcome.h"
#include "selectors/forks.h"

namespace loop {
namespace thread_pool_executor_internal {

// A function on its way to a thread. One that dies without having run is
// cancelled.
template <class T, class F>
class Job {
 public:
  Job(F function, ConcurrentFuture<T> future)
      : function_(std::move(function)), future_(std::move(future)) {}
  Job(Job&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : function_(std::move(other.function_)),
        future_(std::move(other.future_)),
        is_due_(std::exchange(other.is_due_, false)) {}
  Job& operator=(Job&&) = delete;
  ~Job() {
    if (!is_due_) return;
    function_.reset();
    future_.cancel();
  }

  // What the function holds dies before anybody hears of the result.
  void operator()() {
    is_due_ = false;
    if (!future_.set_running_or_notify_cancel()) return;
    Outcome<T> outcome;
    try {
      if constexpr (std::is_void_v<T>) {
        (*function_)();
      } else {
        outcome.set_value((*function_)());
      }
    } catch (...) {
      outcome.set_exception(std::current_exception());
    }
    function_.reset();
    give(std::move(outcome));
  }

 private:
  void give(Outcome<T> outcome) {
    if (outcome.exception()) {
      future_.set_exception(outcome.exception());
    } else if constexpr (std::is_void_v<T>) {
      future_.set_result();
    } else {
      future_.set_result(std::move(outcome).value());
    }
  }

  std::optional<F> function_;
  ConcurrentFuture<T> future_;
  bool is_due_ = true;
};

}  // namespace thread_pool_executor_internal

/// Runs functions in threads of its own: in the order in which they came, as
/// many at a time as it has threads. A thread is started when a function comes
/// and none is idle, up to `max_workers`.
///
/// A child of fork() has none of the threads. There the executor begins again,
/// with threads of its own, and knows nothing of the functions that it had:
/// they are the parent's, and neither run nor are destroyed in the child.
///
/// Port of ThreadPoolExecutor (CPython 3.15,
/// Lib/concurrent/futures/thread.py).
class ThreadPoolExecutor {
 public:
  // 0: four more than the processor runs at a time, but 32 at most. Throws
  // ValueError if it is negative.
  explicit ThreadPoolExecutor(int max_workers = 0);
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  // Destroys what has not begun, and waits 100 ms at most for what has. A
  // thread that goes on then is on its own: it needs nothing of this object.
  // Differs from Python: there the program does not end before its jobs do.
  ~ThreadPoolExecutor();

  /// Runs `function` in one of the threads, which destroys it, and gives what
  /// it returns or throws to the future that this returns. That can be
  /// cancelled until the function begins; it is if the function never will.
  /// From any thread. Throws RuntimeError after shutdown(), and OSError if
  /// there is no thread and none can be started; then `function` is destroyed
  /// here.
  template <class F>
  requires(std::invocable<F&>)
      ConcurrentFuture<std::invoke_result_t<F&>> submit(F function) {
    using T = std::invoke_result_t<F&>;
    ConcurrentFuture<T> future;
    add(thread_pool_executor_internal::Job<T, F>(std::move(function), future));
    return future;
  }

  // Takes no more jobs, and waits until the threads have ended, which they do
  // when there is no job left, but for `wait_at_most`. Then returns whether
  // they have. `cancel_pending` first destroys the jobs that have not begun.
  // From any thread, more than once if need be.
  // Differs from Python: it does not wait forever for a job that is blocked.
  bool shutdown(std::chrono::nanoseconds wait_at_most,
                bool cancel_pending = false);

 private:
  struct Shared;
  void add(Callback job);
  static void work(Shared& shared);
  Shared& shared() {
    if (process_.is_left()) [[unlikely]]
      begin_again();
    return *shared_;
  }
  void begin_again();

  // With the threads, which may outlive this object.
  std::shared_ptr<Shared> shared_;
  const std::size_t max_workers_;
  selectors::HomeProcess process_;  // Where the threads are.
};

}  // namespace loop

#endif  // LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_

// `ThreadPoolExecutor`: threads for functions that would block a loop.

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
#include "loop/callbacks/finally.h"
#include "loop/futures/concurrent_future.h"
#include "selectors/forks.h"

namespace loop {
namespace thread_pool_executor_internal {

// A function to be run by a thread. The destructor cancels the future if the
// function has not run.
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

  // An exception of moving the result becomes that of the future.
  void operator()() {
    is_due_ = false;
    if (!future_.set_running_or_notify_cancel()) return;
    std::exception_ptr exception;
    try {
      if constexpr (std::is_void_v<T>) {
        run();
        future_.set_result();
      } else {
        future_.set_result(run());
      }
      return;
    } catch (...) {
      exception = std::current_exception();
    }
    // After the handler, so that this thread no longer uses the exception.
    future_.set_exception(std::move(exception));
  }

 private:
  // Calls the function, and destroys it before its result is published.
  T run() {
    const Finally destroy([this] { function_.reset(); });
    return (*function_)();
  }

  std::optional<F> function_;
  ConcurrentFuture<T> future_;
  bool is_due_ = true;
};

}  // namespace thread_pool_executor_internal

/// A pool of threads that run functions.
///
/// ```cpp
/// loop::ThreadPoolExecutor executor(4);
/// const int answer = co_await executor.submit([] { return compute(); });
/// ```
///
/// Functions begin in the order of submit(), as many at a time as there are
/// threads. A thread is started when a function is submitted and no thread is
/// idle, up to `max_workers` threads.
///
/// A child of fork() has none of the threads. There the executor begins again,
/// with threads of its own, and without the functions that the parent
/// submitted. These neither run nor are destroyed in the child.
///
/// Port of ThreadPoolExecutor (CPython 3.15, Lib/concurrent/futures/thread.py).
class ThreadPoolExecutor {
 public:
  /// Makes an executor of at most `max_workers` threads; 0: four more than the
  /// processor runs at a time, but at most 32. Throws ValueError if
  /// `max_workers` is negative.
  explicit ThreadPoolExecutor(int max_workers = 0);
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  /// Destroys the functions that have not begun, and waits at most 100 ms for
  /// the others. A thread that still runs then is abandoned; it needs nothing
  /// of this object. Differs from Python: there, the program does not end
  /// before its functions do.
  ~ThreadPoolExecutor();

  /// Runs `function` in one of the threads, which destroys it, and returns a
  /// future of its result or exception.
  ///
  /// The future can be cancelled until `function` begins; it is cancelled if
  /// `function` will never run. From any thread. Throws RuntimeError after
  /// shutdown(), and OSError if there is no thread and none can be started;
  /// then `function` is destroyed in the calling thread.
  template <class F>
  requires(std::invocable<F&>)
      ConcurrentFuture<std::invoke_result_t<F&>> submit(F function) {
    using T = std::invoke_result_t<F&>;
    ConcurrentFuture<T> future;
    add(thread_pool_executor_internal::Job<T, F>(std::move(function), future));
    return future;
  }

  /// Refuses further functions, and waits until the threads have ended, for
  /// `wait_at_most` at most. Returns whether the threads have ended.
  ///
  /// A thread ends when no function is left. With `cancel_pending`, functions
  /// that have not begun are destroyed first. From any thread, and more than
  /// once if necessary. Differs from Python: does not wait forever for a
  /// function that is blocked.
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
  static void keep(std::shared_ptr<Shared> left);

  // Shared with the threads, which may outlive this object.
  std::shared_ptr<Shared> shared_;
  const std::size_t max_workers_;
  selectors::HomeProcess process_;  // The process that has the threads.
};

}  // namespace loop

#endif  // LOOP_FUTURES_THREAD_POOL_EXECUTOR_H_

// `run_coroutine_threadsafe()`: runs a coroutine in a loop of another thread.

#ifndef LOOP_TASKS_RUN_COROUTINE_THREADSAFE_H_
#define LOOP_TASKS_RUN_COROUTINE_THREADSAFE_H_

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/concurrent_future_awaiter.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/cross_thread_calls.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "selectors/errors.h"

namespace loop {
namespace run_coroutine_threadsafe_internal {

// The loop's end of the ConcurrentFuture. Destroying it without an outcome
// cancels the future.
template <class T>
class Answer {
 public:
  Answer() = default;
  Answer(Answer&& other) noexcept
      : future_(std::move(other.future_)),
        due_(std::exchange(other.due_, false)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (!due_) return;
    try {
      future_.cancel("the event loop was closed");
    } catch (const std::bad_alloc&) {
      future_.cancel();  // Without a message, which needs memory.
    }
  }

  const ConcurrentFuture<T>& future() const { return future_; }

  // Gives the outcome of the task, which is done, to the future.
  void give(const Future<T>& task) {
    due_ = false;
    try {
      if (task.cancelled()) task.result();
      if (!future_.set_running_or_notify_cancel()) return;
      if constexpr (std::is_void_v<T>) {
        task.result();
        future_.set_result();
      } else {
        future_.set_result(std::move(task.result()));
      }
    } catch (const CancelledError& error) {
      future_.cancel(error.what());
    } catch (...) {
      future_.set_exception(std::current_exception());
    }
  }

  // Gives an exception to the future, as there is no task.
  void fail(std::exception_ptr exception) {
    due_ = false;
    future_.set_exception(std::move(exception));
  }

 private:
  ConcurrentFuture<T> future_;
  bool due_ = true;
};

// The loop's side of cancel().
template <class T>
struct CancelTask : CrossThreadCalls::Call {
  CancelTask(Task<T> t, ConcurrentFuture<T> f)
      : task(std::move(t)), future(std::move(f)) {}
  void run() override {
    try {
      future.exception();
    } catch (const CancelledError& error) {
      task.cancel(error.what());
    }
  }
  void fail(std::exception_ptr) override {}  // In the child the task runs on.

  Task<T> task;
  ConcurrentFuture<T> future;
};

// Cancels the task when the future is cancelled, and completes the future when
// the task ends.
template <class T>
void chain(EventLoop& event_loop, const Task<T>& task, Answer<T> answer) {
  const auto calls = CrossThreadCalls::of(event_loop);
  const ConcurrentFuture<T> future = answer.future();
  const auto id = calls->add(std::make_unique<CancelTask<T>>(task, future));
  task.add_done_callback(
      [calls, id, answer = std::move(answer)](const Future<T>& done) mutable {
        calls->remove(id);
        answer.give(done);
      });
  future.add_done_callback([calls, id](const ConcurrentFuture<T>& done) {
    if (done.cancelled()) calls->run_soon(id);
  });
}

// The callback that is posted to the loop: starts the task.
template <class T>
class Start {
 public:
  Start(Coroutine<T> coroutine, Answer<T> answer, SourceLocation where)
      : coroutine_(std::move(coroutine)),
        answer_(std::move(answer)),
        where_(where) {}
  Start(Start&& other) noexcept
      : coroutine_(std::move(other.coroutine_)),
        answer_(std::move(other.answer_)),
        where_(other.where_),
        has_coroutine_(std::exchange(other.has_coroutine_, false)) {}
  Start& operator=(Start&&) = delete;
  // Suppresses the report "never awaited": the answer tells the caller that the
  // coroutine never ran.
  ~Start() {
    if (!has_coroutine_) return;
    try {
      coroutine_.release();
    } catch (const selectors::RuntimeError&) {
      // The coroutine was awaited already.
    }
  }

  void operator()() {
    if (answer_.future().cancelled()) return;
    EventLoop& event_loop = get_running_loop();
    const Task<T> task = start(event_loop);  // Uses the answer if it fails.
    chain(event_loop, task, std::move(answer_));
  }

 private:
  Task<T> start(EventLoop& event_loop) try {
    has_coroutine_ = false;
    return create_task(event_loop, std::move(coroutine_), {}, where_);
  } catch (...) {
    answer_.fail(std::current_exception());
    throw;
  }

  Coroutine<T> coroutine_;
  Answer<T> answer_;
  SourceLocation where_;
  bool has_coroutine_ = true;
};

}  // namespace run_coroutine_threadsafe_internal

/// Runs a coroutine as a task of a loop that runs in another thread, and
/// returns a future of its outcome.
///
/// ```cpp
/// loop::ConcurrentFuture<int> answer =
///     loop::run_coroutine_threadsafe(compute(), reference);
/// std::cout << answer.result(3s);
/// ```
///
/// A thread can wait for the future with result(), a coroutine of another loop
/// with `co_await`. Cancelling the future cancels the task; if the task has not
/// begun, it never does. Dropping the future cancels nothing.
///
/// Throws RuntimeError if the loop is closed by now. If the loop is closed
/// before the task is done, the future is cancelled. The coroutine, and its
/// parameters with it, is destroyed in the loop's thread; or in the calling
/// thread, if this throws.
///
/// Threads: any, but the loop's own thread must not wait with result().
///
/// Port of asyncio.run_coroutine_threadsafe (CPython 3.15,
/// Lib/asyncio/tasks.py).
template <class T>
ConcurrentFuture<T> run_coroutine_threadsafe(
    Coroutine<T> coroutine, const LoopReference& loop_reference,
    SourceLocation where = SourceLocation::current()) {
  namespace internal = run_coroutine_threadsafe_internal;
  internal::Answer<T> answer;
  ConcurrentFuture<T> future = answer.future();
  loop_reference.call_soon_threadsafe(
      internal::Start<T>(std::move(coroutine), std::move(answer), where),
      where);
  return future;
}

/// Runs a coroutine as a task of `event_loop`, which has not been destroyed,
/// with the arguments in Python's order.
template <class T>
ConcurrentFuture<T> run_coroutine_threadsafe(
    Coroutine<T> coroutine, EventLoop& event_loop,
    SourceLocation where = SourceLocation::current()) {
  return run_coroutine_threadsafe(std::move(coroutine), event_loop.reference(),
                                  where);
}
/// Runs a coroutine as a task of `event_loop`, which has not been destroyed,
/// with the arguments in the order of create_task().
template <class T>
ConcurrentFuture<T> run_coroutine_threadsafe(
    EventLoop& event_loop, Coroutine<T> coroutine,
    SourceLocation where = SourceLocation::current()) {
  return run_coroutine_threadsafe(std::move(coroutine), event_loop.reference(),
                                  where);
}

}  // namespace loop

#endif  // LOOP_TASKS_RUN_COROUTINE_THREADSAFE_H_

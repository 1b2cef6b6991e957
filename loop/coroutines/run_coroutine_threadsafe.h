// A coroutine that another thread wants to be run.

#ifndef LOOP_COROUTINES_RUN_COROUTINE_THREADSAFE_H_
#define LOOP_COROUTINES_RUN_COROUTINE_THREADSAFE_H_

#include <exception>
#include <future>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "selectors/errors.h"

namespace loop {
namespace run_coroutine_threadsafe_internal {

// The loop's end of the std::future. If it dies without an answer, that is one.
template <class T>
class Answer {
 public:
  Answer() = default;
  Answer(Answer&& other) noexcept
      : promise_(std::move(other.promise_)),
        due_(std::exchange(other.due_, false)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (!due_) return;
    promise_.set_exception(
        std::make_exception_ptr(CancelledError("the event loop was closed")));
  }

  std::future<T> get_future() { return promise_.get_future(); }

  // The task is done.
  void give(const Future<T>& task) try {
    due_ = false;
    if constexpr (std::is_void_v<T>) {
      task.result();
      promise_.set_value();
    } else {
      promise_.set_value(std::move(task.result()));
    }
  } catch (...) {
    promise_.set_exception(std::current_exception());
  }

  // There is no task.
  void fail(std::exception_ptr exception) {
    due_ = false;
    promise_.set_exception(std::move(exception));
  }

 private:
  std::promise<T> promise_;
  bool due_ = true;
};

// What is posted to the loop.
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
  // Who called for it gets to know, by the answer, that it never ran.
  ~Start() {
    if (!has_coroutine_) return;
    try {
      coroutine_.release();
    } catch (const selectors::RuntimeError&) {
      // Somebody has awaited it already.
    }
  }

  void operator()() {
    const Task<T> task = start();
    task.add_done_callback(
        [answer = std::move(answer_)](const Future<T>& done) mutable {
          answer.give(done);
        });
  }

 private:
  Task<T> start() try {
    has_coroutine_ = false;
    return create_task(get_running_loop(), std::move(coroutine_), "",
                       loop::Start::kSoon, where_);
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

// Runs a coroutine as a task of a loop that runs in another thread, and gives
// what it returns or throws to the std::future, for which this thread may wait.
// From any thread, but the loop's own must not wait for it. Throws RuntimeError
// if the loop is closed by now; if it is closed before the task is done, the
// std::future gets a CancelledError.
//
// The coroutine, and its parameters with it, is destroyed in the loop's thread;
// or here, if this throws.
//
// A std::future cannot be cancelled. A coroutine that may be too much can give
// away its current_task(), for call_soon_threadsafe() to cancel, or have a
// timeout().
//
// Port of asyncio.run_coroutine_threadsafe (CPython 3.13,
// Lib/asyncio/tasks.py). The loop may be gone; or, in the second form, must
// not have been destroyed.
// Differs from Python: there the result is a concurrent.futures.Future, which
// cancels the task.
template <class T>
std::future<T> run_coroutine_threadsafe(
    Coroutine<T> coroutine, const LoopReference& loop_reference,
    SourceLocation where = SourceLocation::current()) {
  namespace internal = run_coroutine_threadsafe_internal;
  internal::Answer<T> answer;
  std::future<T> future = answer.get_future();
  loop_reference.call_soon_threadsafe(
      internal::Start<T>(std::move(coroutine), std::move(answer), where),
      where);
  return future;
}
template <class T>
std::future<T> run_coroutine_threadsafe(
    Coroutine<T> coroutine, EventLoop& event_loop,
    SourceLocation where = SourceLocation::current()) {
  return run_coroutine_threadsafe(std::move(coroutine), event_loop.reference(),
                                  where);
}

}  // namespace loop

#endif  // LOOP_COROUTINES_RUN_COROUTINE_THREADSAFE_H_

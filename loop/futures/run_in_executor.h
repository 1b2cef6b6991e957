// A function that runs in another thread, and whose result comes back.

#ifndef LOOP_FUTURES_RUN_IN_EXECUTOR_H_
#define LOOP_FUTURES_RUN_IN_EXECUTOR_H_

#include <atomic>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/futures/default_executor.h"
#include "loop/futures/errors.h"
#include "loop/futures/executor_calls.h"
#include "loop/futures/future.h"
#include "loop/futures/outcome.h"
#include "loop/futures/thread_pool_executor.h"
#include "selectors/errors.h"

namespace loop {
namespace run_in_executor_internal {

// What both sides of a call hold. The executor writes the outcome, then posts;
// the loop reads it after that.
template <class T>
struct SharedOutcome : Outcome<T> {
  // Who takes it first decides: the executor, which runs it, or the loop, which
  // wants it no more.
  bool take() { return !taken.exchange(true); }

  std::atomic<bool> taken = false;
};

// The loop's side.
template <class T>
struct Call : ExecutorCalls::Call {
  Call(Future<T> f, std::shared_ptr<SharedOutcome<T>> o)
      : future(std::move(f)), outcome(std::move(o)) {}

  void finish() override {
    if (future.done()) return;
    if (outcome->exception()) {
      fail(outcome->exception());
    } else if (!outcome->has_value()) {
      future.cancel();  // The executor was shut down before.
    } else if constexpr (std::is_void_v<T>) {
      future.set_result();
    } else {
      future.set_result(std::move(*outcome).value());
    }
  }

  // A CancelledError of the other side cancels this one.
  void fail(std::exception_ptr reason) override {
    if (future.done()) return;
    try {
      std::rethrow_exception(reason);
    } catch (const CancelledError& error) {
      future.cancel(error.what());
    } catch (...) {
      future.set_exception(std::move(reason));
    }
  }

  Future<T> future;
  std::shared_ptr<SharedOutcome<T>> outcome;
};

// The executor's side. One that dies without having run comes back as well.
template <class T, class F>
class Job {
 public:
  Job(F function, std::shared_ptr<ExecutorCalls> calls, ExecutorCalls::Id id,
      std::shared_ptr<SharedOutcome<T>> outcome)
      : function_(std::move(function)),
        calls_(std::move(calls)),
        id_(id),
        outcome_(std::move(outcome)) {}
  Job(Job&&) = default;
  Job& operator=(Job&&) = delete;
  ~Job() {
    if (outcome_ != nullptr && outcome_->take()) come_back();
  }

  void operator()() {
    if (!outcome_->take()) return;
    try {
      if constexpr (std::is_void_v<T>) {
        (*function_)();
        outcome_->set_value();
      } else {
        outcome_->set_value((*function_)());
      }
    } catch (...) {
      outcome_->set_exception(std::current_exception());
    }
    come_back();
  }

 private:
  // What it holds dies before anybody hears that it is back.
  void come_back() {
    function_.reset();
    outcome_.reset();
    calls_->finish_soon(id_);
  }

  std::optional<F> function_;
  std::shared_ptr<ExecutorCalls> calls_;
  ExecutorCalls::Id id_;
  std::shared_ptr<SharedOutcome<T>> outcome_;
};

}  // namespace run_in_executor_internal

// Runs `function` in a thread of the executor, and gives what it returns or
// throws to the future that this returns. From the loop's thread.
//
// If the future is done before that, because it is cancelled, `function` does
// not run if the loop gets to know of it before the thread begins; otherwise it
// runs to its end, and the outcome is dropped. It is dropped, too, if the loop
// is closed by then. If the executor is shut down so that `function` never
// runs, the future is cancelled.
//
// `function` must not own a Future of the loop: it dies in the other thread.
// Throws RuntimeError if the loop is closed, and what submit() throws.
// Port of loop.run_in_executor().
template <class F>
Future<std::invoke_result_t<F&>> run_in_executor(
    EventLoop& event_loop, ThreadPoolExecutor& executor, F function,
    SourceLocation where = SourceLocation::current()) {
  using T = std::invoke_result_t<F&>;
  namespace internal = run_in_executor_internal;
  event_loop.check_thread("run_in_executor");
  if (event_loop.is_closed()) {
    throw selectors::RuntimeError("Event loop is closed");
  }
  const auto calls = ExecutorCalls::of(event_loop);
  const auto outcome = std::make_shared<internal::SharedOutcome<T>>();
  const Future<T> future(event_loop, where);
  const auto id =
      calls->add(std::make_unique<internal::Call<T>>(future, outcome));
  future.add_done_callback([calls, outcome, id] {
    if (outcome->take()) calls->remove(id);
  });
  executor.submit(internal::Job<T, F>(std::move(function), calls, id, outcome));
  return future;
}

// The same in the default executor of the loop.
template <class F>
requires(std::invocable<F&>) Future<std::invoke_result_t<F&>> run_in_executor(
    EventLoop& event_loop, F function,
    SourceLocation where = SourceLocation::current()) {
  event_loop.check_thread("run_in_executor");
  return run_in_executor(event_loop,
                         *event_loop.extension<DefaultExecutor>().executor,
                         std::move(function), where);
}

}  // namespace loop

#endif  // LOOP_FUTURES_RUN_IN_EXECUTOR_H_

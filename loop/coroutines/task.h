// `Task<T>`: a coroutine that runs on its own, and the future of its result.

#ifndef LOOP_COROUTINES_TASK_H_
#define LOOP_COROUTINES_TASK_H_

#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/done_callback.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/outcome.h"
#include "loop/futures/reference.h"

namespace loop {

// The state of a task: a future for its waiters, and a TaskCore that runs it.
template <class T>
class TaskState final : public FutureState<T>, public TaskCore {
 public:
  TaskState(EventLoop& event_loop, Coroutine<T> coroutine,
            std::string_view name, SourceLocation where)
      : FutureState<T>(event_loop, where, FutureCore::Kind::kTask),
        TaskCore(*this, event_loop, coroutine.release(), name) {}

  using FutureCore::release;
  using FutureCore::retain;

  bool cancel(std::string message) override {
    this->check_thread("cancel");
    if (this->done()) return FutureCore::cancel(std::move(message));
    return TaskCore::cancel(message);
  }
  CancelForwarder* cancel_forwarder() override {
    return this->done() ? nullptr : this;
  }

 private:
  void settle(Frame& first) override {
    Outcome<T>& outcome = Coroutine<T>::outcome_of(first);
    std::exception_ptr exception = outcome.exception();
    if (!exception) exception = keep_result(outcome);
    destroy_frames();
    if (exception) return settle_exception(std::move(exception));
    if (is_to_be_cancelled()) [[unlikely]] {
      this->result.reset();
      return this->finish_cancelled();
    }
    this->set_finished();
  }

  // Returns the exception of moving the result; nullptr if there is none.
  std::exception_ptr keep_result(Outcome<T>& outcome) noexcept try {
    if constexpr (std::is_void_v<T>) {
      this->result.emplace();
    } else {
      this->result.emplace(std::move(outcome).value());
    }
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
};

/// A handle to a task of any result type. Every Task<T> converts to it.
///
/// ```cpp
/// for (const loop::AnyTask& task : loop::all_tasks()) task.cancel();
/// ```
///
/// `co_await task` waits until the task is done, and throws its exception, or
/// CancelledError if it was cancelled; its result is dropped. So gather(),
/// wait_for(), shield() and the like accept an AnyTask, which counts as a
/// future there: nothing is started that could be late. All other rules are
/// those of FutureAwaiter.
///
/// Copies refer to the same task. Threads: the loop's thread only.
class AnyTask {
 public:
  class Awaiter;

  /// Makes a handle of `task`.
  explicit AnyTask(TaskCore& task) : task_(&task) {}

  /// Returns the name of the task: "Task-1" and so on, unless another was set.
  std::string get_name() const { return task_->get_name(); }
  /// Sets the name of the task. An empty name restores the default.
  void set_name(std::string_view name) const { task_->set_name(name); }
  /// Requests that a CancelledError be thrown into the task when its next step
  /// runs. Returns false if the task is done. See Task::cancel().
  bool cancel(std::string message = "") const {
    return task_->future().cancel(std::move(message));
  }
  /// Returns the number of requests to cancel the task, less those taken back.
  /// See Task::cancelling().
  int cancelling() const { return task_->cancelling(); }
  /// Takes back one request to cancel the task. Returns the number that is
  /// left. See Task::uncancel().
  int uncancel() const { return task_->uncancel(); }
  /// Returns whether the task has a result or an exception, or is cancelled.
  bool done() const { return task_->future().done(); }
  /// Returns whether the task was cancelled.
  bool cancelled() const { return task_->future().cancelled(); }
  /// Returns the exception of the task; nullptr if it has a result instead.
  /// Throws CancelledError if the task was cancelled, InvalidStateError if it
  /// is pending.
  std::exception_ptr exception() const { return task_->future().exception(); }

  /// Makes the loop call `callback` soon after the task is done, or soon if it
  /// already is. The callback gets the AnyTask as its argument, if it takes
  /// one. See Future::add_done_callback().
  template <DoneFunction<AnyTask> F>
  DoneCallbackId add_done_callback(F callback) const {
    return future_internal::add_done_callback(
        task_->future(), std::move(callback),
        [task = &core()](FutureCore&) { return AnyTask(*task); });
  }
  /// Removes a callback and destroys it. Returns the number of callbacks
  /// removed: 0 if the callback has been scheduled already. See
  /// Future::remove_done_callback().
  std::size_t remove_done_callback(const DoneCallbackId& id) const {
    return future_internal::remove_done_callback(task_->future(), id);
  }

  /// Returns the task itself, for the layers above.
  TaskCore& core() const { return *task_; }

  /// Returns whether both handles refer to the same task.
  friend bool operator==(const AnyTask& a, const AnyTask& b) {
    return a.task_.get() == b.task_.get();
  }

 private:
  Reference<TaskCore> task_;
};

class AnyTask::Awaiter : public FrameAwaiter<AnyTask::Awaiter> {
 public:
  explicit Awaiter(AnyTask task)
      : task_(std::move(task)), blocker_(task_.core().future()) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;

  bool await_ready() const { return task_.done(); }
  void suspend(Frame& frame) { blocker_.start(frame); }
  void await_resume() {
    blocker_.end();
    if (const auto exception = task_.exception()) {
      std::rethrow_exception(exception);
    }
  }

 private:
  const AnyTask task_;
  FutureBlocker blocker_;
};

/// Waits until `task` is done, and throws its exception. See AnyTask.
inline AnyTask::Awaiter operator co_await(const AnyTask& task) {
  return AnyTask::Awaiter(task);
}

/// A coroutine that runs on its own, and the future of its result.
///
/// ```cpp
/// loop::Task<int> task = loop::create_task(compute());
/// co_await loop::sleep(1s);  // compute() runs meanwhile.
/// const int result = co_await task;
/// ```
///
/// A task runs step by step; other tasks run whenever it waits. The loop owns
/// the task until it is done, whether or not a handle exists.
///
/// Cancelling a task throws a CancelledError at its current `co_await`, and
/// cancels the future that it waits for. The coroutine may clean up, wait for
/// more, and even continue. The task is cancelled() only if the CancelledError
/// leaves the coroutine, or if the coroutine returns without another wait after
/// the request.
///
/// Closing or destroying a loop destroys the coroutines of its pending tasks,
/// and reports each to the exception handler.
///
/// Threads: the loop's thread only. A handle may outlive the loop.
///
/// Port of asyncio.Task (CPython 3.15, Lib/asyncio/tasks.py).
template <class T = void>
class Task : public Future<T> {
 public:
  /// Makes a handle to the task of `state`. For create_task().
  explicit Task(TaskState<T>* state)
      : Future<T>(Reference<FutureState<T>>(state)) {}
  /// Converts to a handle that does not depend on T.
  operator AnyTask() const { return AnyTask(core()); }  // NOLINT: implicit.

  /// Returns the name of the task: "Task-1" and so on, unless another was set.
  std::string get_name() const { return core().get_name(); }
  /// Sets the name of the task. An empty name restores the default.
  void set_name(std::string_view name) const { core().set_name(name); }

  /// Requests that a CancelledError be thrown into the task soon, when its next
  /// step runs. Returns false if the task is done.
  bool cancel(std::string message = "") const {
    return Future<T>::cancel(std::move(message));
  }

  /// Makes the loop call `callback` soon after the task is done, or soon if it
  /// already is. The callback gets the task as its argument, if it takes one:
  /// as a Task<T>, a Future<T> or an AnyTask. See Future::add_done_callback().
  template <DoneFunction<Task> F>
  DoneCallbackId add_done_callback(F callback) const {
    if constexpr (std::invocable<F&, Task>) {
      return Future<T>::add_done_callback(
          [callback = std::move(callback)](const Future<T>& done) mutable {
            callback(Task(static_cast<TaskState<T>*>(&done.state())));
          });
    } else {
      return Future<T>::add_done_callback(std::move(callback));
    }
  }

  /// Returns the number of requests to cancel the task, less those taken back.
  ///
  /// A request to a task that awaits other tasks counts for those as well.
  /// Differs from Python: if several requests come before any of these tasks
  /// has run again, the first counts for all of them. Each later one counts for
  /// the nearest 32 only, and a task further away gets the message of the
  /// first.
  int cancelling() const { return core().cancelling(); }
  /// Takes back one request to cancel the task, for code that has handled its
  /// CancelledError, like timeout() and TaskGroup. Returns the number of
  /// requests that are left.
  int uncancel() const { return core().uncancel(); }

  // Only the task itself sets its outcome.
  template <class... Value>
  void set_result(Value&&...) const = delete;
  template <class Exception>
  void set_exception(Exception) const = delete;

 private:
  TaskCore& core() const { return static_cast<TaskState<T>&>(this->state()); }
};

/// The options of create_task(), each given by its name, as in Python.
///
/// ```cpp
/// const auto task =
///     loop::create_task(fetch(), {.name = "fetch", .eager_start = true});
/// ```
struct TaskOptions {
  /// The name that get_name() returns. Empty: "Task-" and a number.
  std::string_view name = {};

  /// Whether the first step runs before create_task() returns, and not in the
  /// next iteration. This saves an iteration, and all of the task's time if it
  /// need not wait; but the task then runs before what was scheduled earlier,
  /// and in the middle of its caller. Has no effect if the loop is not running.
  /// Port of asyncio.eager_task_factory (CPython 3.12).
  bool eager_start = false;
};

/// Starts a task of `event_loop` that runs `coroutine`, and returns a handle.
///
/// ```cpp
/// loop::Task<int> task =
///     loop::create_task(event_loop, compute(), {.name = "worker"});
/// ```
///
/// Throws RuntimeError if the loop is closed. Threads: the loop's thread only.
/// Port of loop.create_task.
template <class T>
Task<T> create_task(EventLoop& event_loop, Coroutine<T> coroutine,
                    const TaskOptions& options = {},
                    SourceLocation where = SourceLocation::current()) {
  event_loop.check_thread("create_task");
  auto* const state =
      new TaskState<T>(event_loop, std::move(coroutine), options.name, where);
  Task<T> task(state);
  if (!options.eager_start || !event_loop.is_running()) {
    state->start_soon();
  } else {
    state->start_now();
  }
  return task;
}

/// Starts a task of the running loop that runs `coroutine`, and returns a
/// handle. Throws RuntimeError if no loop is running. Port of
/// asyncio.create_task.
template <class T>
Task<T> create_task(Coroutine<T> coroutine, const TaskOptions& options = {},
                    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(coroutine), options, where);
}

/// A name of a task, as create_task() takes it alone.
template <class Name>
concept TaskName = std::convertible_to<Name, std::string_view> &&
    !std::same_as<Name, std::nullptr_t>;

/// Starts a task of `event_loop` with this name. Short for {.name = name}.
template <class T, TaskName Name>
Task<T> create_task(EventLoop& event_loop, Coroutine<T> coroutine,
                    const Name& name,
                    SourceLocation where = SourceLocation::current()) {
  return create_task(event_loop, std::move(coroutine),
                     TaskOptions{.name = name}, where);
}
/// Starts a task of the running loop with this name:
/// `create_task(fetch(), "fetch")`. Short for {.name = name}.
template <class T, TaskName Name>
Task<T> create_task(Coroutine<T> coroutine, const Name& name,
                    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(coroutine), name, where);
}

/// Returns the task whose step is running in this thread. Throws RuntimeError
/// if there is none.
///
/// Differs from Python: there it is None in a callback. Port of
/// asyncio.current_task.
AnyTask current_task();

/// Returns the tasks of `event_loop` that are not done, in the order in which
/// they were made. Empty if the loop is closed. Threads: the loop's thread
/// only. Port of asyncio.all_tasks.
std::vector<AnyTask> all_tasks(EventLoop& event_loop);
/// Returns the tasks of the running loop that are not done. Throws RuntimeError
/// if no loop is running.
std::vector<AnyTask> all_tasks();

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_H_

// Coroutines that run on their own.

#ifndef LOOP_COROUTINES_TASK_H_
#define LOOP_COROUTINES_TASK_H_

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
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"
#include "loop/futures/outcome.h"

namespace loop {

// Both halves of a task: what waits for it sees a future.
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
    std::exception_ptr exception;  // Its own, or of moving its result.
    try {
      take_result(Coroutine<T>::outcome_of(first));
    } catch (...) {
      exception = std::current_exception();
    }
    destroy_frames();
    if (exception) return settle_exception(std::move(exception));
    if (is_to_be_cancelled()) [[unlikely]] {
      this->result.reset();
      return this->finish_cancelled();
    }
    this->set_finished();
  }

  void take_result(Outcome<T>& outcome) {
    if constexpr (std::is_void_v<T>) {
      outcome.value();
      this->result.emplace();
    } else {
      this->result.emplace(std::move(outcome).value());
    }
  }
};

// A task, whatever its result. A handle, as Task<T> is.
class AnyTask {
 public:
  explicit AnyTask(TaskCore& task) : task_(&task) {}

  // As those of Task<T>.
  std::string get_name() const { return task_->get_name(); }
  void set_name(std::string_view name) const { task_->set_name(name); }
  bool cancel(std::string message = "") const {
    return task_->future().cancel(std::move(message));
  }
  int cancelling() const { return task_->cancelling(); }
  int uncancel() const { return task_->uncancel(); }
  bool done() const { return task_->future().done(); }
  bool cancelled() const { return task_->future().cancelled(); }
  std::exception_ptr exception() const { return task_->future().exception(); }

  // For the layers above.
  TaskCore& core() const { return *task_; }

  friend bool operator==(const AnyTask& a, const AnyTask& b) {
    return a.task_.get() == b.task_.get();
  }

 private:
  Reference<TaskCore> task_;
};

// A coroutine that runs on its own, and the future of what it returns. It runs
// step by step, and others run whenever it waits. The loop owns it until it is
// done, whether anybody keeps a handle or not.
//
// Cancelling it throws a CancelledError where it waits; what it waits for is
// cancelled, too. The coroutine may clean up, wait for more, and even go on: it
// is cancelled() only if the CancelledError leaves it, or if it returns without
// another wait after it was asked.
//
// Who destroys a loop destroys the coroutines of its pending tasks, and the
// exception handler is told.
//
// Port of asyncio.Task (CPython 3.15, Lib/asyncio/tasks.py).
template <class T = void>
class Task : public Future<T> {
 public:
  explicit Task(TaskState<T>* state)
      : Future<T>(Reference<FutureState<T>>(state)) {}
  operator AnyTask() const { return AnyTask(core()); }  // NOLINT: it is one.

  // "Task-1" and so on, unless it was given another.
  std::string get_name() const { return core().get_name(); }
  void set_name(std::string_view name) const { core().set_name(name); }

  // Has a CancelledError thrown into it soon: when its next step runs. Returns
  // false if it is done.
  bool cancel(std::string message = "") const {
    return Future<T>::cancel(std::move(message));
  }

  /// Returns how many requests to cancel the task there were, less those taken
  /// back. A request to a task that awaits others counts for those as well.
  /// Differs from Python: if several requests come before any of these tasks
  /// has run again, all but the first count for the nearest 32 of them only,
  /// and the message that a task further off is given is that of the first.
  int cancelling() const { return core().cancelling(); }
  // Takes one back, for who has dealt with its CancelledError (see timeout()
  // and TaskGroup). Returns how many are left.
  int uncancel() const { return core().uncancel(); }

  // It sets itself.
  template <class... Value>
  void set_result(Value&&...) const = delete;
  template <class Exception>
  void set_exception(Exception) const = delete;

 private:
  TaskCore& core() const { return static_cast<TaskState<T>&>(this->state()); }
};

// When a task runs its first step.
enum class Start {
  kSoon,  // In the next iteration.
  // Before create_task() returns: it saves a turn, and all of the task's time
  // if it need not wait. But it runs before what was scheduled earlier, and in
  // the middle of who calls. If the loop is not running: kSoon.
  // Port of asyncio.eager_task_factory (CPython 3.12).
  kEager,
};

// Makes a task of a coroutine. Throws RuntimeError if the loop is closed.
// Port of loop.create_task.
template <class T>
Task<T> create_task(EventLoop& event_loop, Coroutine<T> coroutine,
                    std::string_view name = {}, Start start = Start::kSoon,
                    SourceLocation where = SourceLocation::current()) {
  event_loop.check_thread("create_task");
  auto* const state =
      new TaskState<T>(event_loop, std::move(coroutine), name, where);
  Task<T> task(state);
  if (start == Start::kSoon || !event_loop.is_running()) {
    state->start_soon();
  } else {
    state->start_now();
  }
  return task;
}

// The same for the loop that is running. Throws RuntimeError if none is.
// Port of asyncio.create_task.
template <class T>
Task<T> create_task(Coroutine<T> coroutine, std::string_view name = {},
                    Start start = Start::kSoon,
                    SourceLocation where = SourceLocation::current()) {
  return create_task(get_running_loop(), std::move(coroutine), name, start,
                     where);
}

// The task whose step is running. Throws RuntimeError if none is.
// Differs from Python: there it is None in a callback.
// Port of asyncio.current_task.
AnyTask current_task();

// Those that are not done, in the order in which they were made.
// Port of asyncio.all_tasks.
std::vector<AnyTask> all_tasks(EventLoop& event_loop);
std::vector<AnyTask> all_tasks();  // Of the loop that is running.

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_H_

// `TaskCore`: the part of a task that does not depend on the type of its
// result.

#ifndef LOOP_COROUTINES_TASK_CORE_H_
#define LOOP_COROUTINES_TASK_CORE_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/current_in_thread.h"
#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/futures/cancel_forwarder.h"
#include "loop/futures/future_core.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

class TaskRegistry;

// The object that a task waits for. It lives in the frame of the waiting
// coroutine, and calls wake_up() or step() of the task once.
class Blocker {
 public:
  // Requests that the wait end soon, with CancelledError(message). Returns
  // false, with no effect, if the wait is ending anyway.
  virtual bool cancel(const std::string& message) = 0;

  // Returns the future that the task waits for, or nullptr if it waits for
  // something else.
  virtual FutureCore* future() const { return nullptr; }

 protected:
  ~Blocker() = default;
};

// A task: runs a stack of coroutines, step by step. Each step is a callback of
// the loop, and runs until the innermost coroutine waits. A link of the loop's
// TaskRegistry until the task is done.
//
// Port of asyncio.Task, with its __step() and cancel() (CPython 3.15,
// Lib/asyncio/tasks.py).
class TaskCore : public CallStack, public ListLink, public CancelForwarder {
 public:
  // Returns the task whose step is running in this thread, or nullptr. In a
  // child of fork() the parent's task is not current until resume_in_child().
  static TaskCore* current() { return Current::get(); }
  // Returns the current task, for operations that need one. Throws RuntimeError
  // if there is none.
  static TaskCore& running();
  // Returns the task of a frame that has been called.
  static TaskCore& of(const Frame& frame) {
    return static_cast<TaskCore&>(frame.call_stack());
  }

  // Makes the task current in which fork() was called, if it belongs to this
  // loop and that step is still running.
  static void resume_in_child(const EventLoop& event_loop);
  // Returns whether this process is a child of fork() and still in the step of
  // this task that called fork().
  bool is_in_forked_step() const;

  // ---- The functions of AnyTask and Task<T> ----

  std::string get_name() const;
  void set_name(std::string_view name);
  bool cancel(const std::string& message);
  int cancelling() const { return cancel_requests_; }
  int uncancel();

  FutureCore& future() const { return future_; }
  EventLoop& loop() const { return loop_; }
  // Returns the future that the task waits for; nullptr if the task runs, or
  // waits for something else.
  FutureCore* awaited_future() const {
    return blocker_ == nullptr ? nullptr : blocker_->future();
  }

  // ---- For create_task() ----

  // Makes the loop own the task, and runs its first step soon, or now.
  void start_soon();
  void start_now();

  // ---- For awaiters, in await_suspend() ----

  // Makes the task wait for `blocker` until wake_up() is called.
  void block_on(Blocker& blocker) {
    blocker_ = &blocker;
    if (must_cancel_) [[unlikely]]
      cancel_at_once();
  }

  // ---- For awaiters, later ----

  // Schedules the next step. Called once for each wait. Has no effect if the
  // loop is closed.
  void wake_up();

  // Schedules the next step after a wait that was cancelled: the step throws
  // CancelledError(message).
  void wake_up_cancelled(const std::string& message);

  /// Returns whether the task is to be cancelled at its next wait: it was
  /// cancelled while it waited but the wait was ending already, or since its
  /// last wait.
  bool is_to_be_cancelled() const { return must_cancel_; }

  // Returns whether wake_up_cancelled() was called since the last step.
  bool is_wait_cancelled() const { return wait_cancelled_; }

  // Runs the next step now. Called in a callback of the loop, instead of
  // wake_up().
  void step();

  // Returns whether the task was cancelled during the wait, so that
  // await_resume() must throw CancelledError. Returns true once per request.
  bool take_cancellation() { return std::exchange(cancel_now_, false); }
  // Throws CancelledError with the message of the request.
  [[noreturn]] void throw_cancelled() const;

  virtual ~TaskCore() = default;

  // For Reference.
  void retain() noexcept { future_.retain(); }
  void release() noexcept { future_.release(); }

 protected:
  TaskCore(FutureCore& future, EventLoop& event_loop, OwnedFrame first,
           std::string_view name);

  // Takes the outcome of the first coroutine, which has returned, calls
  // destroy_frames(), and then makes the task done with that outcome.
  virtual void settle(Frame& first) = 0;
  void destroy_frames() { first_.reset(); }
  // Makes the task done with `exception`. A CancelledError cancels the task.
  void settle_exception(std::exception_ptr exception);

 private:
  friend class TaskRegistry;

  void cancel_at_once();
  FutureCore& forwarding_future() override { return future_; }
  CancelForwarder* next_to_cancel(const std::string& message) override;
  bool note_cancel(const std::string& message) override;
  bool wake_in_cycle(const std::string& message) override;
  void begin_cancelled_step();
  void finish();
  void leave();
  void finish_unstarted();
  void destroy_pending();
  void report_pending() const noexcept;

  using Current = CurrentInThread<TaskCore>;
  class Step;

  FutureCore& future_;
  EventLoop& loop_;
  TaskRegistry& registry_;
  OwnedFrame first_;
  Blocker* blocker_ = nullptr;

  bool has_started_ = false;
  bool is_asked_ = false;        // Cancelled since the last step.
  bool must_cancel_ = false;     // Cancel the next wait, or else the next step.
  bool wait_cancelled_ = false;  // Cancel the next step in any case.
  bool cancel_now_ = false;      // Cancel this step.
  int cancel_requests_ = 0;

  std::uint64_t number_;
  std::unique_ptr<std::string> name_;  // nullptr: named by its number.
};

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_CORE_H_

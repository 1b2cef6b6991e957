// What a task is, but for the type of its result.

#ifndef LOOP_COROUTINES_TASK_CORE_H_
#define LOOP_COROUTINES_TASK_CORE_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/futures/cancel_forwarder.h"
#include "loop/futures/future_core.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

class TaskRegistry;

// What a task can wait for. It stands in the frame of the coroutine that waits,
// and calls the task's wake_up() or step() once.
class Blocker {
 public:
  // Has the wait end soon, with a CancelledError of this message. Returns
  // false, and does nothing, if it is about to end anyway.
  virtual bool cancel(const std::string& message) = 0;

  // What it waits for, if that is a future.
  virtual FutureCore* future() const { return nullptr; }

 protected:
  ~Blocker() = default;
};

// Runs a stack of coroutines, step by step: each step is a callback of the
// loop, and goes on until the innermost one waits for something. A link of the
// loop's TaskRegistry until it is done.
//
// Port of asyncio.Task, whose __step() and cancel() these are (CPython 3.15,
// Lib/asyncio/tasks.py).
class TaskCore : public CallStack, public ListLink, public CancelForwarder {
 public:
  // The task whose step is running in this thread, or nullptr. In a child of
  // fork() that of the parent is not, until resume_in_child().
  static TaskCore* current() { return current_; }
  // For what only a task can do. Throws RuntimeError if there is none.
  static TaskCore& running();

  // If fork() was called in a step of a task of this loop, and that step is
  // still running, the task is the current one from now on.
  static void resume_in_child(const EventLoop& event_loop);
  // Is this child of fork() still in the step of this task that called it?
  bool is_in_forked_step() const;

  // ---- What AnyTask and Task<T> say ----

  std::string get_name() const;
  void set_name(std::string_view name);
  bool cancel(const std::string& message);
  int cancelling() const { return cancel_requests_; }
  int uncancel();

  FutureCore& future() const { return future_; }
  EventLoop& loop() const { return loop_; }
  // What it waits for; nullptr if that is its turn.
  const Blocker* blocker() const { return blocker_; }

  // ---- For those who make it ----

  // Lets the loop own the task, and runs its first step soon, or now.
  void start_soon();
  void start_now();

  // ---- For awaiters, in await_suspend() ----

  // It waits for this until wake_up() is called.
  void block_on(Blocker& blocker) {
    blocker_ = &blocker;
    if (must_cancel_) [[unlikely]]
      cancel_at_once();
  }

  // ---- For awaiters, later ----

  // Schedules the next step. Once for each wait. Does nothing if the loop is
  // closed.
  void wake_up();

  // The same for a wait that ends because it was cancelled.
  void wake_up_cancelled(const std::string& message);

  /// Returns whether it has been cancelled since it began to wait, but the wait
  /// had ended by then; or since its last wait.
  bool is_to_be_cancelled() const { return must_cancel_; }

  // Has it been called since the last step?
  bool is_wait_cancelled() const { return wait_cancelled_; }

  // Runs the next step now; in a callback of the loop, instead of wake_up().
  void step();

  // In await_resume(), after a wait: has it been cancelled meanwhile, so that
  // this has to throw a CancelledError? Says so once.
  bool take_cancellation() { return std::exchange(cancel_now_, false); }
  // With the message of who cancelled it.
  [[noreturn]] void throw_cancelled() const;

  // For Reference.
  void retain() noexcept { future_.retain(); }
  void release() noexcept { future_.release(); }

 protected:
  TaskCore(FutureCore& future, EventLoop& event_loop, OwnedFrame first,
           std::string_view name);
  virtual ~TaskCore() = default;

  // The first coroutine has returned, and what it came to is the task's, once
  // destroy_frames() has been called.
  virtual void settle(Frame& first) = 0;
  void destroy_frames() { first_.reset(); }
  // CancelledError cancels the task.
  void settle_exception(std::exception_ptr exception);

 private:
  friend class TaskRegistry;
  class Step;
  class Leaving;

  void cancel_at_once();
  FutureCore& forwarding_future() override { return future_; }
  CancelForwarder* next_to_cancel(const std::string& message) override;
  bool note_cancel(const std::string& message) override;
  bool wake_in_cycle(const std::string& message) override;
  void begin_cancelled_step();
  void finish();
  void finish_unstarted();
  void destroy_pending();

  static constinit thread_local TaskCore* current_;
  // In a child of fork(): the current task at that moment.
  static constinit thread_local TaskCore* forked_;
  static const bool leaves_parent;

  FutureCore& future_;
  EventLoop& loop_;
  TaskRegistry& registry_;
  OwnedFrame first_;
  Blocker* blocker_ = nullptr;

  bool has_started_ = false;
  bool is_asked_ = false;        // To cancel itself, since the last step.
  bool must_cancel_ = false;     // At the next wait, or else step.
  bool wait_cancelled_ = false;  // At the next step, come what may.
  bool cancel_now_ = false;      // In this step.
  int cancel_requests_ = 0;

  std::uint64_t number_;
  std::unique_ptr<std::string> name_;  // nullptr: it goes by its number.
};

}  // namespace loop

#endif  // LOOP_COROUTINES_TASK_CORE_H_

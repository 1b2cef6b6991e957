// `WaitQueue`, `Waiter`: a queue of waiting tasks, which locks, events,
// semaphores and queues contain.
//
// asyncio makes a future for each waiter, puts it into a deque and awaits it.
// Here an awaiter, which lives in the frame of the coroutine that waits, is
// itself a link of the list: waiting allocates nothing.
//
// Between the callback that wakes a waiter and the step in which its task
// resumes, other callbacks run. So there are two lists: waiters that wait and
// waiters that are woken. A newcomer queues up if either list has a member. A
// task that is cancelled after it was woken passes its wake-up on; otherwise
// the wake-up would be lost.

#ifndef LOOP_LOCKS_WAIT_QUEUE_H_
#define LOOP_LOCKS_WAIT_QUEUE_H_

#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

class WaitQueue;

// The loop of the first task that had to wait for an object; all other tasks
// must belong to the same loop. Port of asyncio.mixins._LoopBoundMixin (CPython
// 3.15).
class BoundLoop {
 public:
  // Binds the object to the loop of `task`. Throws RuntimeError if the object
  // is bound to another loop.
  void bind(const TaskCore& task) {
    if (loop_ != &task.loop()) [[unlikely]]
      bind_first(task);
  }

 private:
  void bind_first(const TaskCore& task);

  EventLoop* loop_ = nullptr;
};

// Throws the RuntimeError of a task that waited for a destroyed object.
[[noreturn]] void throw_destroyed(const TaskCore& task);

// An awaiter that waits in a WaitQueue.
class Waiter : public Blocker, public ListLink {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;
  bool cancel(const std::string& message) final;

 protected:
  Waiter() = default;

  // For await_suspend(): appends the waiter to the queue and blocks the task.
  // Throws RuntimeError if `loop` is bound to another loop than the task's.
  void start(Frame& frame, WaitQueue& queue, BoundLoop& loop);

  // For await_resume(): returns whether start() was called.
  bool has_waited() const { return state_ != State::kNew; }
  // After a wait: leaves the queue, and returns whether the wake-up is valid.
  //
  // Returns false if the waiter was woken and then cancelled: the caller must
  // pass the wake-up on, and call throw_cancelled(). Throws CancelledError if
  // the waiter was cancelled while it waited, and RuntimeError if the queue
  // does not exist any more. In both cases the caller must not touch the queue.
  bool end();
  [[noreturn]] void throw_cancelled() const { task_->throw_cancelled(); }
  // Leaves the queue after a wait, for waiters that have nothing to pass on.
  // Throws CancelledError or RuntimeError, see end().
  void end_or_throw() {
    if (!end()) throw_cancelled();
  }

  // Called when the waiter is woken: schedules the task's next step.
  virtual void schedule() { task_->wake_up(); }

 private:
  friend class WaitQueue;
  friend class RepeatedWaiter;
  enum class State : unsigned char {
    kNew,
    kWaiting,
    kWoken,
    kCancelled,  // While it was waiting.
    kAbandoned,  // The queue has been destroyed.
  };

  TaskCore* task_ = nullptr;
  State state_ = State::kNew;
};

// Waiting tasks, in the order in which they began to wait.
class WaitQueue {
 public:
  WaitQueue() = default;
  // Wakes all waiters with a RuntimeError. (While a loop closes, and destroys
  // its tasks one after another, the waiters only leave the queue.)
  ~WaitQueue();

  // Returns whether no task is in the queue, neither waiting nor woken.
  bool empty() const { return waiting_.empty() && woken_.empty(); }

  // Wakes the first task that waits. Returns false if no task waits.
  bool wake_first() {
    if (waiting_.empty()) return false;
    wake(waiting_.front());
    return true;
  }
  // Wakes all tasks that wait now.
  void wake_all() {
    while (wake_first()) {
    }
  }

 private:
  friend class Waiter;
  friend class RepeatedWaiter;

  void wake(Waiter& waiter);

  IntrusiveList<Waiter> waiting_;
  IntrusiveList<Waiter> woken_;
};

// A waiter that checks, when its task is about to resume, whether the wake-up
// is still justified, and otherwise queues up again. Replaces the `while` loop
// of asyncio's Queue.get(), without resuming the coroutine each time.
class RepeatedWaiter : public Waiter {
 protected:
  // Returns the queue that the waiter waits in.
  virtual WaitQueue& queue() const = 0;
  // Returns whether the task can resume.
  virtual bool is_ready() const = 0;

  // For await_resume(), after a wait: leaves the queue. Throws CancelledError
  // after passing the wake-up on, and RuntimeError if the queue has been
  // destroyed.
  void end_or_pass_on();

 private:
  void schedule() final;
  void take_turn();
};

}  // namespace loop

#endif  // LOOP_LOCKS_WAIT_QUEUE_H_

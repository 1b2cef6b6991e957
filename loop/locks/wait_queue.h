// Tasks in a queue: what locks, events, semaphores and queues are made of.
//
// asyncio makes a future for each waiter, puts it into a deque and awaits it.
// Here an awaiter, which stands in the frame of the coroutine that waits, is
// itself a link of the list: waiting allocates nothing.
//
// Between the callback that wakes a waiter and the step in which its task goes
// on, other callbacks run. So there are two lists, of those who wait and those
// who are woken. A newcomer that finds anybody in either has to queue up; and a
// task that is cancelled when it was woken already has to pass on what it was
// woken for, or nobody would get it.

#ifndef LOOP_LOCKS_WAIT_QUEUE_H_
#define LOOP_LOCKS_WAIT_QUEUE_H_

#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

class WaitQueue;

// The loop of the first task that had to wait for an object; all others have to
// be of the same. Port of asyncio.mixins._LoopBoundMixin (CPython 3.15).
class BoundLoop {
 public:
  // Throws RuntimeError if it is bound to another loop than the task's.
  void bind(const TaskCore& task) {
    if (loop_ != &task.loop()) [[unlikely]]
      bind_first(task);
  }

 private:
  void bind_first(const TaskCore& task);

  EventLoop* loop_ = nullptr;
};

// For who finds that what it waited for does not exist any more.
[[noreturn]] void throw_destroyed(const TaskCore& task);

// An awaiter that queues up.
class Waiter : public Blocker, public ListLink {
 public:
  bool cancel(const std::string& message) final;

 protected:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter() = default;

  // In await_suspend(): joins the end of the queue.
  // Throws RuntimeError if `loop` is bound to another.
  void start(Frame& frame, WaitQueue& queue, BoundLoop& loop);

  // For await_resume().
  bool has_waited() const { return state_ != State::kNew; }
  // After a wait: leaves the queue, and returns true if it was woken. Returns
  // false if it was woken and then cancelled: it has to pass that on, and to
  // throw_cancelled(). Throws CancelledError if it was cancelled while it
  // waited, RuntimeError if the queue does not exist any more; in both cases
  // the queue must not be touched.
  bool end();
  [[noreturn]] void throw_cancelled() const { task_->throw_cancelled(); }
  // The same for who has nothing to pass on.
  void end_or_throw() {
    if (!end()) throw_cancelled();
  }

  // Has been woken: schedules the task's next step.
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

// In the order in which they began to wait.
class WaitQueue {
 public:
  WaitQueue() = default;
  // Those in it get a RuntimeError. (When a loop closes, whose tasks are
  // destroyed one after the other, it only has them leave.)
  ~WaitQueue();

  // Is nobody in it, neither waiting nor woken?
  bool empty() const { return waiting_.empty() && woken_.empty(); }

  // Wakes the first that waits; returns false if none does.
  bool wake_first() {
    if (waiting_.empty()) return false;
    wake(waiting_.front());
    return true;
  }
  // Those that wait now.
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

// A waiter that looks when its turn has come whether what it was woken for is
// still there, and otherwise queues up again: the `while` loop of asyncio's
// Queue.get(), without going back to the coroutine each time.
class RepeatedWaiter : public Waiter {
 protected:
  virtual ~RepeatedWaiter() = default;

  virtual WaitQueue& queue() const = 0;
  virtual bool is_ready() const = 0;

  // In await_resume(), after a wait: leaves the queue. Throws CancelledError,
  // having passed on what it was woken for; RuntimeError as end().
  void end_or_pass_on();

 private:
  void schedule() final;
  void take_turn();
};

}  // namespace loop

#endif  // LOOP_LOCKS_WAIT_QUEUE_H_

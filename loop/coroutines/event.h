// Something that has happened, or not yet.

#ifndef LOOP_COROUTINES_EVENT_H_
#define LOOP_COROUTINES_EVENT_H_

#include <concepts>
#include <coroutine>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/operation.h"
#include "loop/coroutines/wait_queue.h"

namespace loop {

// A flag that tasks can wait for. In all the rest it is as Lock, with regard to
// threads, loops and its end.
// Port of asyncio.Event (CPython 3.13, Lib/asyncio/locks.py).
class Event {
 public:
  class Awaiter;
  using Wait = Operation<Event, Awaiter>;

  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return is_set_; }

  // Wakes all that wait; from now on nobody has to, until clear().
  void set() {
    if (is_set_) return;
    waiters_.wake_all();  // First, as there may be no memory for that.
    is_set_ = true;
  }
  void clear() { is_set_ = false; }

  // `co_await event.wait()` waits until it is set. Who was woken goes on, even
  // if it has been cleared again by then.
  // Differs from Python: returns nothing, where that returns always True.
  Wait wait() { return Wait(*this); }

 private:
  bool is_set_ = false;
  BoundLoop loop_;
  WaitQueue waiters_;
};

class Event::Awaiter final : public Waiter {
 public:
  explicit Awaiter(Event& event) : event_(event) {}

  bool await_ready() const { return event_.is_set_; }
  template <std::derived_from<Frame> Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    start(self.promise(), event_.waiters_, event_.loop_);
  }
  void await_resume() {
    if (has_waited()) end_or_throw();
  }

 private:
  Event& event_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_EVENT_H_

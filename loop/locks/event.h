// `Event`: a flag that tasks wait for.

#ifndef LOOP_LOCKS_EVENT_H_
#define LOOP_LOCKS_EVENT_H_

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"

namespace loop {

/// A flag that tasks wait for.
///
/// ```cpp
/// loop::Event ready;
/// co_await ready.wait();  // Until another task calls ready.set().
/// ```
///
/// For the tasks of one loop, in its thread. The event belongs to the loop of
/// the first task that has to wait. Tasks of another loop get a RuntimeError,
/// and so do tasks that wait when the event is destroyed.
///
/// Port of asyncio.Event (CPython 3.15, Lib/asyncio/locks.py).
class Event {
 public:
  class Awaiter;
  /// The awaitable that wait() returns.
  using WaitOperation = Operation<Event, Awaiter>;

  /// Makes an event whose flag is not set.
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns whether the flag is set.
  bool is_set() const { return is_set_; }

  /// Sets the flag and wakes all waiters. wait() does not suspend until
  /// clear().
  void set() {
    if (is_set_) return;
    waiters_.wake_all();  // First, as this may run out of memory.
    is_set_ = true;
  }
  /// Clears the flag. Waiters that set() has woken still resume.
  void clear() { is_set_ = false; }

  /// `co_await event.wait()` waits until the flag is set.
  ///
  /// Differs from Python: returns nothing; Python always returns True.
  WaitOperation wait() { return WaitOperation(*this); }

 private:
  bool is_set_ = false;
  BoundLoop loop_;
  WaitQueue waiters_;
};

class Event::Awaiter final : public Waiter,
                             public FrameAwaiter<Event::Awaiter> {
 public:
  explicit Awaiter(Event& event) : event_(event) {}

  bool await_ready() const { return event_.is_set_; }
  void suspend(Frame& frame) { start(frame, event_.waiters_, event_.loop_); }
  void await_resume() {
    if (has_waited()) end_or_throw();
  }

 private:
  Event& event_;
};

}  // namespace loop

#endif  // LOOP_LOCKS_EVENT_H_

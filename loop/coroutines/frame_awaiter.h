// `FrameAwaiter`: the base class of awaiters that need the frame of the waiting
// coroutine.

#ifndef LOOP_COROUTINES_FRAME_AWAITER_H_
#define LOOP_COROUTINES_FRAME_AWAITER_H_

#include <concepts>
#include <coroutine>

#include "loop/coroutines/call_stack.h"

namespace loop {

// Gives a class `Derived` an await_suspend() for this library's coroutines,
// which calls its suspend(Frame&). Like await_suspend(), suspend() returns
// void, or bool: whether the coroutine stops.
template <class Derived>
class FrameAwaiter {
 public:
  /// Calls suspend() with the frame of `self`, and returns its result.
  template <std::derived_from<Frame> Promise>
  decltype(auto) await_suspend(std::coroutine_handle<Promise> self) {
    return static_cast<Derived&>(*this).suspend(
        static_cast<Frame&>(self.promise()));
  }

 protected:
  FrameAwaiter() = default;
  ~FrameAwaiter() = default;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_FRAME_AWAITER_H_

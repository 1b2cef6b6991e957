// `CoroutineFrame`: the base of promises whose coroutine can `co_await`, with
// awaitables of this library and of others.

#ifndef LOOP_COROUTINES_COROUTINE_FRAME_H_
#define LOOP_COROUTINES_COROUTINE_FRAME_H_

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/source_location.h"
#include "loop/coroutines/awaiter_of.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/future.h"
#include "loop/futures/future_core.h"

namespace loop {
namespace foreign_internal {

// An awaitable of another library. Our own awaiters need the frame that waits.
// An awaiter that accepts any coroutine handle will resume that handle one day,
// and knows nothing of tasks.
template <class A>
concept Foreign = Awaitable<A> &&
    requires(A&& awaitable, std::coroutine_handle<> handle) {
  awaiter_of(std::forward<A>(awaitable)).await_suspend(handle);
};

// A coroutine that begins at once and destroys itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() const { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };
};

// Awaits `awaitable` and gives its outcome to `future`. By then the future may
// be done: cancelled, with the task that waited for it.
template <class A, class T>
Detached await_for(A awaitable, Future<T> future) {
  try {
    auto&& awaiter = awaiter_of(std::forward<A>(awaitable));
    if constexpr (std::is_void_v<T>) {
      co_await awaiter;
      if (!future.done()) future.set_result();
    } else {
      T result = co_await awaiter;
      if (!future.done()) future.set_result(std::move(result));
    }
  } catch (...) {
    if (!future.done()) future.set_exception(std::current_exception());
  }
}

}  // namespace foreign_internal

// Whether a T can be part of a promise. Its alignment must not move the promise
// away from its usual offset: see Frame::handle(). (g++ 12 and clang 14 do not
// allocate frames with larger alignments anyway.)
template <class T>
inline constexpr bool kFitsInFrame = alignof(StoredResult<T>) <=
                                     2 * sizeof(void*);

// The promise of a coroutine that can await.
class CoroutineFrame : public Frame {
 public:
  // Notes the line of each `co_await`; the operand is unchanged.
  template <class A>
  A&& await_transform(A&& awaitable, unsigned line = static_cast<unsigned>(
                                         __builtin_LINE())) noexcept {
    note_await_line(line);
    return std::forward<A>(awaitable);
  }

  // Awaits an awaitable of another library in a detached coroutine, which sets
  // a future. So the waiting task can be cancelled, and continues as a step of
  // its own. A temporary is moved into that coroutine, since it may have to
  // outlive the waiting one; any other operand must live until it resumes. The
  // awaitable must resume in the loop's thread. If it never resumes, the
  // detached coroutine is never freed.
  template <foreign_internal::Foreign A>
  auto await_transform(
      A&& awaitable, unsigned line = static_cast<unsigned>(__builtin_LINE())) {
    note_await_line(line);
    TaskCore& task = TaskCore::of(*this);
    using T = std::decay_t<AwaitResult<A>>;
    const Future<T> future(task.loop(), where());
    foreign_internal::await_for<A>(std::forward<A>(awaitable), future);
    return FutureAwaiter<T, true>(future);
  }
};

}  // namespace loop

#endif  // LOOP_COROUTINES_COROUTINE_FRAME_H_

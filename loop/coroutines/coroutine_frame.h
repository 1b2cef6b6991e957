// What can be awaited in a coroutine: all that is made for this library, and
// what is not.

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

// Our own awaiters have to know whose frame waits. One that is content with any
// coroutine's handle will resume that one day, and knows nothing of tasks.
template <class A>
concept Foreign = Awaitable<A> &&
    requires(A&& awaitable, std::coroutine_handle<> handle) {
  awaiter_of(std::forward<A>(awaitable)).await_suspend(handle);
};

// A coroutine that begins at once and ends on its own.
struct Detached {
  struct promise_type {
    Detached get_return_object() const { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };
};

// Nobody may wait for the future any more when the time has come.
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

// Can a T stand in a promise? Only if the promise still stands where all others
// do, see Frame::handle(). (g++ 12 and clang 14 do not allocate a frame at a
// rounder address anyway, whatever is in it.)
template <class T>
inline constexpr bool kFitsInFrame = alignof(StoredResult<T>) <=
                                     2 * sizeof(void*);

// The promise of a coroutine that can await.
class CoroutineFrame : public Frame {
 public:
  // Each `co_await` comes by here first, and leaves its line.
  template <class A>
  A&& await_transform(A&& awaitable, unsigned line = static_cast<unsigned>(
                                         __builtin_LINE())) noexcept {
    note_await_line(line);
    return std::forward<A>(awaitable);
  }

  // What was made for any coroutine, by another library, is awaited by one of
  // its own, which sets a future: so that who waits can be cancelled, and goes
  // on as a step of its task. A temporary is moved there, as it may have to
  // live longer than who awaits it; anything else must live until it resumes.
  // It must do that in the loop's thread; if it never does, it is never freed.
  template <foreign_internal::Foreign A>
  auto await_transform(
      A&& awaitable, unsigned line = static_cast<unsigned>(__builtin_LINE())) {
    note_await_line(line);
    auto& task = static_cast<TaskCore&>(call_stack());
    using T = std::decay_t<AwaitResult<A>>;
    const Future<T> future(task.loop(), where());
    foreign_internal::await_for<A>(std::forward<A>(awaitable), future);
    return FutureAwaiter<T, true>(future);
  }
};

}  // namespace loop

#endif  // LOOP_COROUTINES_COROUTINE_FRAME_H_

// `sleep()`: suspends a task for some time.

#ifndef LOOP_TASKS_SLEEP_H_
#define LOOP_TASKS_SLEEP_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "loop/callbacks/handle.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "selectors/wait_limit.h"

namespace loop {

/// The result of sleep(), an operand for `co_await`.
class [[nodiscard]] Sleep {
 public:
  class Awaiter;

  /// Makes the operand; use sleep().
  explicit Sleep(std::chrono::nanoseconds delay) : delay_(delay) {}

  /// Suspends the task for the delay. Throws CancelledError if the task is
  /// cancelled meanwhile.
  Awaiter operator co_await() const;

 private:
  std::chrono::nanoseconds delay_;
};

class Sleep::Awaiter final : public Blocker,
                             public FrameAwaiter<Sleep::Awaiter> {
 public:
  explicit Awaiter(std::chrono::nanoseconds delay) : delay_(delay) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  virtual ~Awaiter() = default;

  bool await_ready() const { return false; }
  void suspend(Frame& frame) {
    task_ = &TaskCore::of(frame);
    if (delay_ <= std::chrono::nanoseconds::zero()) return task_->wake_up();
    start(frame);
  }
  void await_resume() {
    if (task_->take_cancellation()) [[unlikely]]
      task_->throw_cancelled();
  }

  bool cancel(const std::string& message) override;

 private:
  void start(Frame& frame);

  std::chrono::nanoseconds delay_;
  TaskCore* task_;
  std::optional<TimerHandle> timer_;  // If the delay is positive.
};

inline Sleep::Awaiter Sleep::operator co_await() const {
  return Awaiter(delay_);
}

/// `co_await sleep(delay)` suspends the task for `delay`, never less.
///
/// ```cpp
/// co_await loop::sleep(100ms);
/// co_await loop::sleep(0s);  // Lets the other tasks run.
/// ```
///
/// A delay of 0 or less lets every other task that is ready run once. Throws
/// ValueError for NaN. Threads: the loop's thread only.
///
/// Differs from Python: the task continues in the callback of its timer, and so
/// before other timers of that time; in asyncio an iteration later. Port of
/// asyncio.sleep (CPython 3.15, Lib/asyncio/tasks.py).
template <class Rep, class Period>
Sleep sleep(std::chrono::duration<Rep, Period> delay) {
  return Sleep(selectors::to_nanoseconds(delay));
}

/// `co_await sleep(delay, result)` suspends the task for `delay`, never less,
/// and returns `result`.
template <class Rep, class Period, class T>
Coroutine<T> sleep(std::chrono::duration<Rep, Period> delay, T result) {
  co_await sleep(delay);
  co_return result;
}

}  // namespace loop

#endif  // LOOP_TASKS_SLEEP_H_

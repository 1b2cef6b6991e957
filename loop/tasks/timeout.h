// `Timeout`: a time limit for an awaitable.

#ifndef LOOP_TASKS_TIMEOUT_H_
#define LOOP_TASKS_TIMEOUT_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/future_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/errors.h"
#include "loop/futures/lifetime.h"
#include "selectors/wait_limit.h"

namespace loop {

/// A time limit for one awaitable, made by timeout() or timeout_at().
///
/// ```cpp
/// loop::Timeout limit = loop::timeout(10s);
/// const std::string text = co_await limit.run(download(limit));
/// ```
///
/// Here download() may call limit.reschedule() when data arrives. For a fixed
/// limit wait_for() is simpler. A Timeout is used once, within one task.
/// Threads: the loop's thread only.
///
/// Port of asyncio.Timeout (CPython 3.15, Lib/asyncio/timeouts.py).
class Timeout {
 public:
  /// Makes a time limit with the deadline `when`, a time of the loop's clock;
  /// nullopt: never.
  explicit Timeout(std::optional<TimePoint> when,
                   SourceLocation where = SourceLocation::current())
      : when_(when), where_(where) {}
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;

  /// Awaits `awaitable` in the calling task, and returns its result.
  ///
  /// At the deadline the task is cancelled. If the CancelledError comes back
  /// here, and there was no other request to cancel the task meanwhile, run()
  /// throws TimeoutError instead. Throws RuntimeError when used again.
  ///
  /// The Timeout must exist until run() has ended: `co_await
  /// timeout(1s).run(work())` is fine, `create_task(timeout(1s).run(work()))`
  /// is not.
  ///
  /// Differs from Python: there this is `async with`, around a body. Other
  /// exceptions that leave the body do not get a TimeoutError as their context.
  template <Awaitable A>
  Coroutine<AwaitResult<A>> run(A awaitable);

  /// Returns the deadline, a time of the loop's clock; nullopt: never.
  std::optional<TimePoint> when() const { return when_; }

  /// Sets another deadline, while run() is running. A deadline in the past
  /// cancels the task in the next iteration. Throws RuntimeError before run(),
  /// after it, and once the deadline has passed.
  void reschedule(std::optional<TimePoint> when);

  /// Returns whether the deadline passed before run() ended.
  bool expired() const {
    return state_ == State::kExpiring || state_ == State::kExpired;
  }

 private:
  enum class State : std::uint8_t {
    kCreated,
    kEntered,
    kExpiring,  // The task was cancelled, and run() has not ended.
    kExpired,
    kFinished,
  };

  // Ends the timeout, even if the body throws or is destroyed.
  class Leave {
   public:
    explicit Leave(Timeout& timeout)
        : timeout_(timeout), inside_(timeout.lifetime_) {}
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;
    ~Leave() {
      if (inside_.object_exists()) timeout_.leave();
    }

   private:
    Timeout& timeout_;
    const LifetimeObserver inside_;
  };

  void enter();
  void schedule();
  void unschedule();
  void on_timeout();
  void leave();

  std::optional<TimePoint> when_;
  const SourceLocation where_;
  State state_ = State::kCreated;
  bool owns_cancellation_ = false;
  int cancelling_ = 0;        // Task::cancelling() when run() began.
  TaskCore* task_ = nullptr;  // Set while run() is running.
  Handle soon_;
  TimerHandle timer_;
  Lifetime lifetime_;
};

/// Returns a Timeout whose deadline is `delay` from now; nullopt: never.
///
/// ```cpp
/// co_await loop::timeout(1s).run(work());  // work() may take a second.
/// ```
///
/// Throws RuntimeError if no loop is running. Port of asyncio.timeout.
Timeout timeout(selectors::WaitLimit delay,
                SourceLocation where = SourceLocation::current());

/// Returns a Timeout with the deadline `when`, a time of the loop's clock;
/// nullopt: never. Port of asyncio.timeout_at.
Timeout timeout_at(std::optional<TimePoint> when,
                   SourceLocation where = SourceLocation::current());

template <Awaitable A>
Coroutine<AwaitResult<A>> Timeout::run(A awaitable) {
  enter();
  try {
    const Leave leave(*this);
    co_return co_await as_passed(awaitable);
  } catch (const CancelledError&) {
    if (!owns_cancellation_) throw;
    throw TimeoutError();
  }
}

}  // namespace loop

#endif  // LOOP_TASKS_TIMEOUT_H_

// A time that some work must not take longer than.

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

// What timeout() returns. For one use, within one task.
// Port of asyncio.Timeout (CPython 3.15, Lib/asyncio/timeouts.py).
class Timeout {
 public:
  // nullopt: never.
  explicit Timeout(std::optional<TimePoint> when,
                   SourceLocation where = SourceLocation::current())
      : when_(when), where_(where) {}
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;

  // Awaits `awaitable`, in the task that awaits this, and returns what it
  // returns. When the time comes the task is cancelled; if the CancelledError
  // comes back here, and nobody else has cancelled the task meanwhile, this
  // throws TimeoutError instead. Throws RuntimeError when used again.
  //
  // The Timeout must exist until then: `co_await timeout(1s).run(work())` is
  // fine, `create_task(timeout(1s).run(work()))` is not.
  //
  // Differs from Python: there it is `async with`, around a body. What else
  // leaves the body does not get a TimeoutError as its context.
  template <Awaitable A>
  Coroutine<AwaitResult<A>> run(A awaitable);

  // nullopt: never.
  std::optional<TimePoint> when() const { return when_; }

  // Sets another time, while run() is running. One that is past lets the task
  // go on until the next iteration. Throws RuntimeError before run(), after it,
  // and once the time has come.
  void reschedule(std::optional<TimePoint> when);

  // Did the time come before run() had ended?
  bool expired() const {
    return state_ == State::kExpiring || state_ == State::kExpired;
  }

 private:
  enum class State : std::uint8_t {
    kCreated,
    kEntered,
    kExpiring,  // The task has been cancelled, and run() not ended.
    kExpired,
    kFinished,
  };

  // Ends it, also if the body throws or is destroyed.
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
  int cancelling_ = 0;        // Of the task, when it entered.
  TaskCore* task_ = nullptr;  // As long as it is in run().
  Handle soon_;
  TimerHandle timer_;
  Lifetime lifetime_;
};

// For `co_await timeout(1s).run(work())`: work() may take this long from now;
// nullopt: as long as it likes. Throws RuntimeError if no loop is running.
// Port of asyncio.timeout.
Timeout timeout(selectors::WaitLimit delay,
                SourceLocation where = SourceLocation::current());

// The same until a time of the loop's clock.
// Port of asyncio.timeout_at.
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

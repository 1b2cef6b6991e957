// Callbacks that come back.

#ifndef LOOP_CALLBACKS_INTERVAL_H_
#define LOOP_CALLBACKS_INTERVAL_H_

#include <chrono>
#include <memory>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/handle.h"

namespace loop {

// What becomes of the ticks of an interval that nobody was there to hear. Say
// the period is 10, and the callback takes 25 once, from 10 to 35. The tick of
// 20 is late, then, and that of 30 as well:
enum class MissedTicks {
  kSkip,   // The first is late, the others are left out: 10 35 40 50 60
  kBurst,  // All of them are late:                       10 35 35 40 50
  kDelay,  // The first is late, and the count begins anew: 10 35 45 55
};

class Interval;

// What call_every() returns. A small value, which may be copied and forgotten
// and may outlive the interval and the loop. Used by the loop's thread only.
class IntervalHandle {
 public:
  IntervalHandle() = default;
  explicit IntervalHandle(std::weak_ptr<Interval> interval)
      : interval_(std::move(interval)) {}

  // It does not tick any more. The callback is destroyed now, or, if it is
  // running, when it returns.
  void cancel();

  // Does it not tick any more, whoever saw to it?
  bool cancelled() const;

  // When it ticks next; TimePoint::max() if it does not.
  TimePoint when() const;

 private:
  std::weak_ptr<Interval> interval_;
};

// What EventLoop::call_every() does.
IntervalHandle start_interval(EventLoop& loop, std::chrono::nanoseconds period,
                              Callback callback, MissedTicks missed,
                              SourceLocation where);

}  // namespace loop

#endif  // LOOP_CALLBACKS_INTERVAL_H_

// `call_every()`: callbacks that run periodically.

#ifndef LOOP_CALLBACKS_INTERVAL_H_
#define LOOP_CALLBACKS_INTERVAL_H_

#include <chrono>
#include <memory>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"

namespace loop {

/// The policy for the ticks of an interval that are missed because the loop was
/// busy.
///
/// For example, the period is 10, and the callback once takes 25, from 10 to
/// 35, so that the ticks of 20 and 30 are missed:
enum class MissedTicks {
  kSkip,   ///< The first is late, the others are skipped:    10 35 40 50 60.
  kBurst,  ///< All of them are late:                         10 35 35 40 50.
  kDelay,  ///< The first is late, and the period restarts:   10 35 45 55.
};

class EventLoop;
class Interval;

/// The handle of an interval, from EventLoop::call_every().
///
/// ```cpp
/// loop::IntervalHandle ticks = event_loop.call_every(1s, draw_clock);
/// ticks.cancel();
/// ```
///
/// A small value, which may be copied, and may outlive the interval and the
/// loop. Threads: the loop's thread only.
class IntervalHandle {
 public:
  /// Makes a handle of no interval.
  IntervalHandle() = default;
  /// Makes a handle of `interval`, for start_interval().
  explicit IntervalHandle(std::weak_ptr<Interval> interval)
      : interval_(std::move(interval)) {}

  /// Ends the interval. The callback is destroyed now or, if the callback is
  /// running, when it returns.
  void cancel();

  /// Returns whether the interval has ended, by any handle or with its loop;
  /// true for a handle of no interval.
  bool cancelled() const;

  /// Returns the time of the next tick; TimePoint::max() if there is none.
  TimePoint when() const;

 private:
  std::weak_ptr<Interval> interval_;
};

/// Starts an interval: the implementation of EventLoop::call_every(). Throws
/// ValueError unless `period` is positive.
IntervalHandle start_interval(EventLoop& loop, std::chrono::nanoseconds period,
                              Callback callback, MissedTicks missed,
                              SourceLocation where);

}  // namespace loop

#endif  // LOOP_CALLBACKS_INTERVAL_H_

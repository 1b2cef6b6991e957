#include "loop/callbacks/interval.h"

#include <chrono>
#include <memory>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/source_location.h"
#include "loop/callbacks/time_point.h"
#include "selectors/errors.h"

namespace loop {

// The state of one interval. Its pending timer and a running tick own it.
class Interval : public std::enable_shared_from_this<Interval> {
 public:
  Interval(EventLoop& loop, std::chrono::nanoseconds period, Callback callback,
           MissedTicks missed, SourceLocation where)
      : loop_(loop),
        period_(period),
        callback_(std::move(callback)),
        missed_(missed),
        where_(where) {}

  void schedule(TimePoint when) {
    timer_ = loop_.call_at(
        when, [self = shared_from_this()] { self->tick(); }, where_);
  }

  void cancel() {
    cancelled_ = true;
    timer_.cancel();
  }
  bool cancelled() const { return cancelled_; }
  TimePoint when() const { return timer_.when(); }

 private:
  // Runs one tick. The next tick is scheduled first, so that the callback can
  // cancel it, and an exception of the callback cannot prevent it.
  void tick() {
    schedule(next());
    callback_();
  }

  TimePoint next() const {
    const TimePoint on_time = later(timer_.when(), period_);
    if (missed_ == MissedTicks::kBurst) return on_time;
    const TimePoint now = loop_.time();
    if (now < on_time) return on_time;
    if (missed_ == MissedTicks::kDelay) return later(now, period_);
    return later(now, period_ - (now - on_time) % period_);
  }

  EventLoop& loop_;
  const std::chrono::nanoseconds period_;
  Callback callback_;
  const MissedTicks missed_;
  const SourceLocation where_;
  TimerHandle timer_;
  bool cancelled_ = false;
};

void IntervalHandle::cancel() {
  if (const auto interval = interval_.lock()) interval->cancel();
}

bool IntervalHandle::cancelled() const {
  const auto interval = interval_.lock();
  return interval == nullptr || interval->cancelled();
}

TimePoint IntervalHandle::when() const {
  const auto interval = interval_.lock();
  if (interval == nullptr || interval->cancelled()) return TimePoint::max();
  return interval->when();
}

IntervalHandle start_interval(EventLoop& loop, std::chrono::nanoseconds period,
                              Callback callback, MissedTicks missed,
                              SourceLocation where) {
  if (period <= std::chrono::nanoseconds::zero()) {
    throw selectors::ValueError("the period of an interval must be positive");
  }
  const auto interval = std::make_shared<Interval>(
      loop, period, std::move(callback), missed, where);
  interval->schedule(later(loop.time(), period));
  return IntervalHandle(interval);
}

}  // namespace loop

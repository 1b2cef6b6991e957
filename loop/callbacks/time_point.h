// `TimePoint`: a time of a loop's clock.

#ifndef LOOP_CALLBACKS_TIME_POINT_H_
#define LOOP_CALLBACKS_TIME_POINT_H_

#include <chrono>
#include <cstdint>

namespace loop {

/// A time of a loop's clock. EventLoop::time() returns the present one.
///
/// ```cpp
/// event_loop.call_at(event_loop.time() + 5s, work);
/// ```
using TimePoint = std::chrono::steady_clock::time_point;

/// The longest time that code may pass to a wait of the standard library: 100
/// years. The end of a longer wait may not fit into the nanoseconds of a clock.
inline constexpr std::chrono::nanoseconds kLongestWait =
    std::chrono::hours(24 * 36500);

/// Returns `when` + `delay`, saturated at the smallest and largest TimePoint.
constexpr TimePoint later(TimePoint when, std::chrono::nanoseconds delay) {
  if (delay > TimePoint::duration::zero() && when > TimePoint::max() - delay) {
    return TimePoint::max();
  }
  if (delay < TimePoint::duration::zero() && when < TimePoint::min() - delay) {
    return TimePoint::min();
  }
  return when + delay;
}

/// Returns the time from `now` to `when`: 0 if `when` is past, and at most
/// nanoseconds::max(), although the two may be twice as far apart.
constexpr std::chrono::nanoseconds until(TimePoint when, TimePoint now) {
  using std::chrono::nanoseconds;
  if (when <= now) return nanoseconds::zero();
  const auto to = static_cast<std::uint64_t>(when.time_since_epoch().count());
  const auto from = static_cast<std::uint64_t>(now.time_since_epoch().count());
  constexpr auto kLongest =
      static_cast<std::uint64_t>(nanoseconds::max().count());
  const std::uint64_t distance = to - from;
  return distance > kLongest ? nanoseconds::max()
                             : nanoseconds(static_cast<std::int64_t>(distance));
}

}  // namespace loop

#endif  // LOOP_CALLBACKS_TIME_POINT_H_

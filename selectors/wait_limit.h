// `WaitLimit`, `Deadline`: the time that select() may wait, and the moment at
// which the wait ends. The one place that rounds up, saturates and converts.
//
// A wait that ends a nanosecond early makes a timer fire before its time, or
// makes a program that then waits for 0 ms spin. A number that overflows turns
// "next month" into "forever", or into "now".

#ifndef SELECTORS_WAIT_LIMIT_H_
#define SELECTORS_WAIT_LIMIT_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <ratio>
#include <string>
#include <utility>

#include "selectors/errors.h"

namespace selectors {

/// Returns any std::chrono duration in whole nanoseconds. Fractions are rounded
/// up. Durations that do not fit (seconds(1e18), infinity) saturate at about
/// 292 years. Throws ValueError for NaN, as Python does.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds to_nanoseconds(
    std::chrono::duration<Rep, Period> duration) {
  using std::chrono::nanoseconds;
  using Ratio = std::ratio_divide<Period, std::nano>;
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    // Uses the arithmetic of ceil(), which may round up, past the end.
    const std::chrono::duration<Rep, std::nano> wide = duration;
    constexpr auto kMax = static_cast<Rep>(nanoseconds::max().count());
    if (wide.count() != wide.count()) throw ValueError("a timeout is NaN");
    if (wide.count() >= kMax) return nanoseconds::max();
    if (wide.count() <= -kMax) return nanoseconds::min();
  } else if constexpr (std::ratio_greater_equal_v<Ratio, std::ratio<1>>) {
    constexpr auto kMax = nanoseconds::max().count() / Ratio::num;
    if (std::cmp_greater(duration.count(), kMax)) return nanoseconds::max();
    if (std::cmp_less(duration.count(), -kMax)) return nanoseconds::min();
  }
  return std::chrono::ceil<nanoseconds>(duration);
}

/// The time that select() may wait: a std::optional<nanoseconds> to which any
/// duration converts safely. nullopt waits forever; zero or less polls.
/// Otherwise the wait is never shorter than asked.
///
/// ```cpp
/// selector.select(100ms);         // waits for at most 100 ms
/// selector.select(0ms);           // polls
/// selector.select(std::nullopt);  // waits forever
/// ```
///
/// A bare number does not convert: write 100ms, not 0.1.
///
/// Differs from Python: there, a timeout that is too large is an OverflowError.
class WaitLimit {
 public:
  /// The unit of a WaitLimit.
  using nanoseconds = std::chrono::nanoseconds;

  /// Makes a WaitLimit that waits forever.
  constexpr WaitLimit(std::nullopt_t = std::nullopt) {}  // NOLINT: implicit
  /// Makes a WaitLimit of `t`, which waits forever if `t` is nullopt.
  constexpr WaitLimit(std::optional<nanoseconds> t)  // NOLINT: implicit
      : t_(t.value_or(nanoseconds::max())), waits_forever_(!t) {}
  /// Makes a WaitLimit of `t`, converted as by to_nanoseconds(). Throws
  /// ValueError for NaN.
  template <class Rep, class Period>
  constexpr WaitLimit(std::chrono::duration<Rep, Period> t)  // NOLINT: implicit
      : t_(to_nanoseconds(t)), waits_forever_(false) {}

  /// Returns whether the wait has no limit.
  constexpr bool waits_forever() const { return waits_forever_; }
  /// Returns whether the wait ends at once: the limit is zero or less.
  constexpr bool is_poll() const { return t_ <= nanoseconds::zero(); }

  /// Returns the limit. Meaningless for a WaitLimit that waits forever.
  constexpr nanoseconds value() const { return t_; }

  /// Writes the limit to `storage` and returns its address, for calls that take
  /// a timespec. Returns nullptr, which waits forever, and leaves `storage`
  /// alone if there is no limit. At most 10^8 seconds (three years): a
  /// caller with a later deadline then waits again.
  constexpr const std::timespec* to_timespec(std::timespec& storage) const;

  /// Returns the limit in milliseconds, rounded up, for calls that take an int;
  /// -1 waits forever. At most INT_MAX (24.8 days): a caller with a later
  /// deadline then waits again.
  constexpr int to_milliseconds() const;

  /// Returns the text for error messages and traces: "100 ms", "forever".
  std::string repr() const;

 private:
  // Not a std::optional: g++ reads the value of an empty one before its flag,
  // and valgrind reports that read.
  nanoseconds t_ = nanoseconds::max();
  bool waits_forever_ = true;
};

constexpr const std::timespec* WaitLimit::to_timespec(
    std::timespec& storage) const {
  if (waits_forever()) return nullptr;
  // macOS has refused more than 10^8 seconds. After three years a caller with a
  // later deadline waits again.
  constexpr nanoseconds kLongest = std::chrono::seconds(100'000'000);
  const nanoseconds wait = std::clamp(t_, nanoseconds::zero(), kLongest);
  // Durations in the integer types of a timespec, which differ by platform.
  using Seconds = std::chrono::duration<std::time_t>;
  using Nanoseconds = std::chrono::duration<long, std::nano>;
  const auto whole = std::chrono::floor<Seconds>(wait);
  storage.tv_sec = whole.count();
  storage.tv_nsec = std::chrono::floor<Nanoseconds>(wait - whole).count();
  return &storage;
}

constexpr int WaitLimit::to_milliseconds() const {
  if (waits_forever()) return -1;
  if (is_poll()) return 0;
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(t_);
  const std::int64_t longest = std::numeric_limits<int>::max();
  return static_cast<int>(std::min<std::int64_t>(rounded_up.count(), longest));
}

/// The moment at which a wait ends. A wait that was cut short, by a signal or
/// by a kernel's largest timeout, goes on for the rest and no longer.
///
/// ```cpp
/// const selectors::Deadline deadline(100ms);
/// while (!done()) wait_at_most(deadline.remaining());
/// ```
///
/// Reads the clock only where the timeout makes it matter.
class Deadline {
 public:
  /// Starts to measure `timeout` now.
  explicit Deadline(const WaitLimit& timeout)
      : never_comes_(timeout.waits_forever()) {
    if (never_comes_) return;
    when_ = timeout.is_poll() ? Clock::time_point::min()
                              : saturated_sum(Clock::now(), timeout.value());
  }

  /// Returns the time that is left: nullopt if there is no deadline, zero if
  /// the deadline has passed.
  WaitLimit remaining() const {
    if (never_comes_) return std::nullopt;
    if (when_ == Clock::time_point::min()) return Clock::duration::zero();
    return std::max(when_ - Clock::now(), Clock::duration::zero());
  }

 private:
  using Clock = std::chrono::steady_clock;
  static_assert(Clock::is_steady);  // A wall clock can be set back.

  static Clock::time_point saturated_sum(Clock::time_point now,
                                         WaitLimit::nanoseconds wait) {
    const auto longest = Clock::time_point::max() - now;
    return wait < longest ? now + wait : Clock::time_point::max();
  }

  const bool never_comes_;
  Clock::time_point when_{};
};

}  // namespace selectors

#endif  // SELECTORS_WAIT_LIMIT_H_

// A timer queue that is obviously right, and slow.

#ifndef TESTS_TIMERS_TIMER_MODEL_H_
#define TESTS_TIMERS_TIMER_MODEL_H_

#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace tests {

// Values are numbers, which stand for the ids as well. A std::multimap inserts
// behind what is equal.
class TimerModel {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  void schedule(nanoseconds deadline, int value) {
    timers_.emplace(deadline, value);
  }

  bool cancel(int value) {
    std::erase(due_, value);
    for (auto it = timers_.begin(); it != timers_.end(); ++it) {
      if (it->second != value) continue;
      timers_.erase(it);
      return true;
    }
    return false;
  }

  bool reschedule(nanoseconds deadline, int value) {
    if (!cancel(value)) return false;
    schedule(deadline, value);
    return true;
  }

  std::optional<nanoseconds> next_deadline() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
  }

  void collect_due(nanoseconds now) {
    due_.clear();
    const auto end = timers_.upper_bound(now);
    for (auto it = timers_.begin(); it != end; ++it) due_.push_back(it->second);
  }

  // What was collected and is pending, in order; they are gone then.
  std::vector<int> fire_due() {
    std::vector<int> fired;
    for (const int value : std::exchange(due_, {})) {
      if (cancel(value)) fired.push_back(value);
    }
    return fired;
  }

  std::vector<int> pop_due(nanoseconds now) {
    collect_due(now);
    return fire_due();
  }

  std::size_t size() const { return timers_.size(); }

 private:
  std::multimap<nanoseconds, int> timers_;
  std::vector<int> due_;  // Collected, and pending.
};

}  // namespace tests

#endif  // TESTS_TIMERS_TIMER_MODEL_H_

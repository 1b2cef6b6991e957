// A timer queue that is obviously right, and slow.

#ifndef TESTS_TIMERS_TIMER_MODEL_H_
#define TESTS_TIMERS_TIMER_MODEL_H_

#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
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
    for (auto it = timers_.begin(); it != timers_.end(); ++it) {
      if (it->second != value) continue;
      timers_.erase(it);
      return true;
    }
    return false;
  }

  std::optional<nanoseconds> next_deadline() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
  }

  // What is due, in order; they are gone then.
  std::vector<int> pop_due(nanoseconds now) {
    std::vector<int> due;
    const auto end = timers_.upper_bound(now);
    for (auto it = timers_.begin(); it != end; ++it) due.push_back(it->second);
    timers_.erase(timers_.begin(), end);
    return due;
  }

  std::size_t size() const { return timers_.size(); }

 private:
  std::multimap<nanoseconds, int> timers_;
};

}  // namespace tests

#endif  // TESTS_TIMERS_TIMER_MODEL_H_

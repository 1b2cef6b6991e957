// `SortedTimerList`: a timer queue that is a sorted list.

#ifndef TIMERS_SORTED_TIMER_LIST_H_
#define TIMERS_SORTED_TIMER_LIST_H_

#include <algorithm>
#include <deque>
#include <memory>

#include "timers/timer_queue.h"

namespace timers {

/// The simplest queue: a list that is sorted as by Python's bisect.insort().
/// TimerQueue is the contract of all functions. Only schedule() needs memory.
///
/// ```cpp
/// timers::SortedTimerList<std::string> queue;
/// queue.schedule(now() + 3s, "hello");
/// ```
template <class Value>
class SortedTimerList {
 public:
  /// Cancels the timers one by one: destructors of values may use the list.
  ~SortedTimerList() {
    while (!empty()) cancel(timers_.front().id);
  }
  /// Schedules a value, constructed in place from `args`, and returns its id.
  TimerId schedule(std::chrono::nanoseconds deadline, auto&&... args) {
    auto value = std::make_unique<Value>(std::forward<decltype(args)>(args)...);
    const TimerId id{++last_id_};
    timers_.insert(place_for(deadline), {deadline, id, std::move(value)});
    return id;
  }
  /// Cancels a timer, and returns whether the timer was pending.
  bool cancel(TimerId id) { return take(id) != nullptr; }
  /// Moves a timer to another deadline; returns whether the timer was pending.
  bool reschedule(TimerId id, std::chrono::nanoseconds deadline) {
    const auto old = std::ranges::find(timers_, id, &Timer::id);
    if (old == timers_.end()) return false;
    const auto place = place_for(deadline);
    if (old < timers_.begin() + due_) --due_;
    old->deadline = deadline;
    if (old < place) std::rotate(old, old + 1, place);
    if (place < old) std::rotate(place, old, old + 1);
    return true;
  }
  /// Returns the earliest deadline; nullopt if no timer is pending.
  std::optional<std::chrono::nanoseconds> next_deadline() {
    if (empty()) return std::nullopt;
    const auto next = due_ < std::ssize(timers_) ? due_ : 0;
    return std::min(timers_.front().deadline, timers_[next].deadline);
  }
  /// Collects the timers whose deadline is not after `now`.
  void collect_due(std::chrono::nanoseconds now) {
    std::ranges::inplace_merge(timers_, timers_.begin() + due_, {},
                               &Timer::deadline);
    due_ = 0;
    due_ = place_for(now) - timers_.begin();
  }
  /// Calls f(Value&&) for each collected timer, and returns their number.
  std::size_t fire_due(auto&& f) {
    std::size_t fired = 0;
    for (; due_ > 0; ++fired) f(std::move(*take(timers_.front().id)));
    return fired;
  }
  /// Calls collect_due(now), and returns fire_due(f).
  std::size_t pop_due(std::chrono::nanoseconds now, auto&& f) {
    collect_due(now);
    return fire_due(f);
  }
  /// Returns the number of pending timers.
  std::size_t size() const { return timers_.size(); }
  /// Returns whether no timer is pending.
  bool empty() const { return timers_.empty(); }

 private:
  struct Timer {
    std::chrono::nanoseconds deadline;
    TimerId id;
    std::unique_ptr<Value> value;
  };
  // Returns the position behind all earlier and equal deadlines.
  auto place_for(std::chrono::nanoseconds deadline) {
    return std::ranges::upper_bound(timers_.begin() + due_, timers_.end(),
                                    deadline, {}, &Timer::deadline);
  }
  // Removes a timer. The caller destroys the value, which may call the list.
  std::unique_ptr<Value> take(TimerId id) {
    const auto timer = std::ranges::find(timers_, id, &Timer::id);
    if (timer == timers_.end()) return nullptr;
    if (timer < timers_.begin() + due_) --due_;
    auto value = std::move(timer->value);
    timers_.erase(timer);
    return value;
  }

  std::deque<Timer> timers_;  // Two sorted parts: the first due_ are collected.
  std::ptrdiff_t due_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace timers

#endif  // TIMERS_SORTED_TIMER_LIST_H_

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
    while (!empty()) cancel(list_.front().id);
  }
  /// Schedules a value, constructed in place from `args`, and returns its id.
  TimerId schedule(std::chrono::nanoseconds deadline, auto&&... args) {
    Timer timer{deadline, TimerId{++last_id_},
                std::make_unique<Value>(std::forward<decltype(args)>(args)...)};
    return list_.insert(place_for(deadline), std::move(timer))->id;
  }
  /// Cancels a timer, and returns whether the timer was pending.
  bool cancel(TimerId id) { return take(id) != nullptr; }
  /// Moves a timer to another deadline; returns whether the timer was pending.
  bool reschedule(TimerId id, std::chrono::nanoseconds deadline) {
    const auto old = std::ranges::find(list_, id, &Timer::id);
    if (old == list_.end()) return false;
    const auto place = place_for(deadline);
    if (old < list_.begin() + due_) --due_;
    old->deadline = deadline;
    if (old < place) std::rotate(old, old + 1, place);
    if (place < old) std::rotate(place, old, old + 1);
    return true;
  }
  /// Returns the earliest deadline; nullopt if no timer is pending.
  std::optional<std::chrono::nanoseconds> next_deadline() {
    if (empty()) return std::nullopt;
    return std::min(list_.front().deadline, list_[due_ % size()].deadline);
  }
  /// Collects the timers whose deadline is not after `now`.
  void collect_due(std::chrono::nanoseconds now) {
    std::ranges::inplace_merge(list_, list_.begin() + std::exchange(due_, 0),
                               {}, &Timer::deadline);
    due_ = place_for(now) - list_.begin();
  }
  /// Calls f(Value&&) for each collected timer, and returns their number.
  std::size_t fire_due(auto&& f) {
    std::size_t fired = 0;
    for (; due_ > 0; ++fired) f(std::move(*take(list_.front().id)));
    return fired;
  }
  /// Calls collect_due(now), and returns fire_due(f).
  std::size_t pop_due(std::chrono::nanoseconds now, auto&& f) {
    collect_due(now);
    return fire_due(f);
  }
  /// Returns the number of pending timers.
  std::size_t size() const { return list_.size(); }
  /// Returns whether no timer is pending.
  bool empty() const { return list_.empty(); }

 private:
  struct Timer {
    std::chrono::nanoseconds deadline;
    TimerId id;
    std::unique_ptr<Value> value;
  };
  auto place_for(std::chrono::nanoseconds deadline) {  // Behind its equals.
    return std::ranges::upper_bound(list_.begin() + due_, list_.end(), deadline,
                                    {}, &Timer::deadline);
  }
  // Removes a timer. The caller destroys the value, which may call the list.
  std::unique_ptr<Value> take(TimerId id) {
    const auto timer = std::ranges::find(list_, id, &Timer::id);
    if (timer == list_.end()) return nullptr;
    if (timer < list_.begin() + due_) --due_;
    auto value = std::move(timer->value);
    list_.erase(timer);
    return value;
  }
  std::deque<Timer> list_;  // Two sorted parts: the first due_ are collected.
  std::ptrdiff_t due_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace timers

#endif  // TIMERS_SORTED_TIMER_LIST_H_

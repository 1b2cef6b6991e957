// `SortedTimerList`: a timer queue that is a sorted list.

#ifndef TIMERS_SORTED_TIMER_LIST_H_
#define TIMERS_SORTED_TIMER_LIST_H_

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "timers/timer_queue.h"

namespace timers {

/// The simplest TimerQueue: a sorted list, as bisect.insort() keeps it in
/// Python.
///
/// ```cpp
/// timers::SortedTimerList<std::string> queue;
/// queue.schedule(now() + 3s, "hello");
/// queue.pop_due(now(), [](std::string&& text) { std::cout << text; });
/// ```
///
/// cancel() leaves a stale entry in the list. One thread at a time uses a list.
/// See TimerQueue for the whole contract.
template <class Value>
class SortedTimerList {
 public:
  /// The unit of a deadline.
  using nanoseconds = std::chrono::nanoseconds;

  /// Cancels all timers one by one, so that the destructors of their values may
  /// still use the list.
  ~SortedTimerList() {
    while (!empty()) cancel(values_.begin()->first);
  }

  /// Schedules a value, constructed in place from `args`, for `deadline`. The
  /// deadline may be past. Throws std::bad_alloc when out of memory, or the
  /// exception of the constructor; then nothing has changed.
  template <class... Args>
  TimerId schedule(nanoseconds deadline, Args&&... args) {
    auto value = std::make_unique<Value>(std::forward<Args>(args)...);
    const TimerId id{++last_id_};
    entries_.insert(place_for(deadline), {deadline, id});
    values_.emplace(id, std::move(value));  // On a throw the entry is stale.
    return id;
  }

  /// Cancels a timer, destroys its value and returns whether the timer was
  /// pending.
  bool cancel(TimerId id) {
    // Destroyed last, because the destructor may call the list.
    const auto value = values_.extract(id);
    if (entries_.size() > 100 + 4 * size()) drop_stale();
    return !value.empty();
  }

  /// Gives a timer another deadline and returns whether the timer was pending.
  /// The timer keeps its id and value, and counts as scheduled now. Allocates
  /// nothing.
  bool reschedule(TimerId id, nanoseconds deadline) {
    if (!values_.contains(id)) return false;
    const auto old = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& e) { return e.id == id; });
    const auto place = place_for(deadline);
    if (old < entries_.begin() + due_) --due_;
    old->deadline = deadline;
    if (place > old) std::rotate(old, old + 1, place);
    if (place <= old) std::rotate(place, old, old + 1);
    return true;
  }

  /// Returns the earliest deadline, exactly, or nullopt if no timer is pending.
  std::optional<nanoseconds> next_deadline() {
    if (due_ == 0) entries_.erase(entries_.begin(), first_pending(0));
    const auto due = first_pending(0), next = first_pending(due_);
    if (due == entries_.end()) return std::nullopt;
    if (next == entries_.end()) return due->deadline;
    return std::min(due->deadline, next->deadline);
  }

  /// Collects the timers whose deadline is not after `now`. They stay pending
  /// until they fire.
  void collect_due(nanoseconds now) {
    std::inplace_merge(entries_.begin(), entries_.begin() + due_,
                       entries_.end(), is_earlier);
    due_ = 0;
    due_ = place_for(now) - entries_.begin();
  }

  /// Calls f(Value&&) for each collected timer, in the order of the deadlines,
  /// and returns the number of calls. An exception of f propagates; the timers
  /// that are left fire in the next call.
  template <class F>
  std::size_t fire_due(F&& f) {
    std::size_t fired = 0;
    while (due_ > 0) {
      const auto value = values_.extract(entries_.front().id);
      entries_.pop_front();
      --due_;
      if (value.empty()) continue;
      ++fired;
      f(std::move(*value.mapped()));
    }
    return fired;
  }

  /// Calls collect_due(now), then fire_due(f), and returns the number of timers
  /// that fired.
  template <class F>
  std::size_t pop_due(nanoseconds now, F&& f) {
    collect_due(now);
    return fire_due(f);
  }

  /// Returns the number of timers that have neither fired nor been cancelled.
  std::size_t size() const { return values_.size(); }
  /// Returns whether no timer is pending.
  bool empty() const { return values_.empty(); }

 private:
  struct Entry {
    nanoseconds deadline;
    TimerId id;
  };
  static bool is_earlier(const Entry& a, const Entry& b) {
    return a.deadline < b.deadline;
  }
  // Returns the position behind all entries of an earlier or equal deadline,
  // and behind the collected entries.
  auto place_for(nanoseconds deadline) {
    return std::upper_bound(entries_.begin() + due_, entries_.end(),
                            Entry{deadline, {}}, is_earlier);
  }
  auto first_pending(std::ptrdiff_t begin) {
    return std::find_if(
        entries_.begin() + begin, entries_.end(),
        [this](const Entry& entry) { return values_.contains(entry.id); });
  }
  void drop_stale() {
    const auto stale = [this](const Entry& e) {
      return !values_.contains(e.id);
    };
    due_ -= std::count_if(entries_.begin(), entries_.begin() + due_, stale);
    std::erase_if(entries_, stale);
  }

  // The first due_ entries are collected. They are sorted, and so are the rest.
  std::deque<Entry> entries_;
  std::ptrdiff_t due_ = 0;
  std::map<TimerId, std::unique_ptr<Value>> values_;
  std::uint64_t last_id_ = 0;
};

}  // namespace timers

#endif  // TIMERS_SORTED_TIMER_LIST_H_

// `SortedTimerList`: a timer queue that is a sorted list, as in the article.

#ifndef TIMERS_SORTED_TIMER_LIST_H_
#define TIMERS_SORTED_TIMER_LIST_H_

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "timers/timer_queue.h"

namespace timers {

/// The plainest TimerQueue, after the article's EventLoop.add_timer, which
/// calls Python's bisect.insort. cancel() leaves a stale entry in the list.
template <class Value>
class SortedTimerList {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  ~SortedTimerList() {
    while (!empty()) cancel(values_.begin()->first);
  }
  template <class... Args>
  TimerId schedule(nanoseconds deadline, Args&&... args) {
    auto value = std::make_unique<Value>(std::forward<Args>(args)...);
    const TimerId id{++last_id_};
    entries_.insert(place_for(deadline), {deadline, id});
    values_.emplace(id, std::move(value));  // If it throws, the entry is stale.
    return id;
  }
  bool cancel(TimerId id) {
    const auto value = values_.extract(id);  // Destroyed last: may call this.
    if (entries_.size() > 100 + 4 * size()) drop_stale();
    return !value.empty();
  }
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
  std::optional<nanoseconds> next_deadline() {
    if (due_ == 0) entries_.erase(entries_.begin(), first_pending(0));
    const auto due = first_pending(0), next = first_pending(due_);
    if (due == entries_.end()) return std::nullopt;
    if (next == entries_.end()) return due->deadline;
    return std::min(due->deadline, next->deadline);
  }
  void collect_due(nanoseconds now) {
    std::inplace_merge(entries_.begin(), entries_.begin() + due_,
                       entries_.end(), is_earlier);
    due_ = 0;
    due_ = place_for(now) - entries_.begin();
  }
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
  template <class F>
  std::size_t pop_due(nanoseconds now, F&& f) {
    collect_due(now);
    return fire_due(f);
  }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }

 private:
  struct Entry {
    nanoseconds deadline;
    TimerId id;
  };
  static bool is_earlier(const Entry& a, const Entry& b) {
    return a.deadline < b.deadline;
  }
  // Behind its equals, and behind the entries that were collected.
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

  std::deque<Entry> entries_;  // Sorted; so are the first due_, collected ones.
  std::ptrdiff_t due_ = 0;
  std::map<TimerId, std::unique_ptr<Value>> values_;
  std::uint64_t last_id_ = 0;
};

}  // namespace timers

#endif  // TIMERS_SORTED_TIMER_LIST_H_

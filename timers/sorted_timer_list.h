// A sorted list, as the article keeps its timers in.

#ifndef TIMERS_SORTED_TIMER_LIST_H_
#define TIMERS_SORTED_TIMER_LIST_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "timers/due_batch.h"
#include "timers/timer_queue.h"
#include "timers/timer_records.h"

namespace timers {

// A TimerQueue, and the plainest. schedule() finds the place by bisection, then
// moves all that stands behind it: nothing, if deadlines come in order, as
// those of idle timeouts do; half of the list on average, if they do not. That
// is a memmove() of 16 bytes a timer, so that up to some hundred timers nothing
// is faster. cancel() takes constant time: what is cancelled stays in the list
// until its turn comes, or until there is too much of it. Only schedule() needs
// memory.
//
// After the article's EventLoop.add_timer, which calls Python's bisect.insort.
template <class Value>
class SortedTimerList {
 public:
  SortedTimerList() = default;
  SortedTimerList(const SortedTimerList&) = delete;
  SortedTimerList& operator=(const SortedTimerList&) = delete;
  ~SortedTimerList() { cancel_all(*this, records_); }

  template <class... Args>
  TimerId schedule(std::chrono::nanoseconds deadline, Args&&... args) {
    make_room();
    const TimerId id = records_.add(std::forward<Args>(args)...);
    const Entry entry{deadline.count(), records_.index_of(id)};
    entries_.insert(place_for(entry), entry);
    return id;
  }

  bool cancel(TimerId id) {
    if (!records_.contains(id)) return false;
    [[maybe_unused]] const auto dying = records_.cancel(id);
    if (records_.has_many_cancelled()) [[unlikely]]
      drop_cancelled();
    return true;
  }

  std::optional<std::chrono::nanoseconds> next_deadline() {
    while (first_ < entries_.size() &&
           !records_.is_pending(entries_[first_].index)) {
      records_.release(entries_[first_++].index);
    }
    return due_.earliest(first_ < entries_.size() ? &entries_[first_] : nullptr,
                         records_);
  }

  void collect_due(std::chrono::nanoseconds now) {
    if (!due_.empty()) put_back_due();
    due_.clear();
    for (; first_ < entries_.size() && entries_[first_].deadline <= now.count();
         ++first_) {
      due_.push(entries_[first_]);
    }
    if (first_ > entries_.size() / 2) close_the_gap();
    if (records_.has_long_had_surplus()) [[unlikely]]
      give_back_surplus();
  }

  template <class F>
  std::size_t fire_due(F&& f) {
    return due_.fire(records_, f);
  }

  template <class F>
  std::size_t pop_due(std::chrono::nanoseconds now, F&& f) {
    collect_due(now);
    return fire_due(f);
  }

  std::size_t size() const { return records_.size(); }
  bool empty() const { return size() == 0; }

 private:
  // Each record has at most one entry, wherever that is, once the gap has been
  // closed.
  void make_room() {
    records_.make_room([this](std::size_t records) {
      reserve(entries_, records);
      due_.reserve(records);
    });
    timers::make_room(entries_);
  }

  // Behind its equals, like bisect.insort. Mostly that is the end, so look
  // there first.
  std::vector<Entry>::iterator place_for(const Entry& entry) {
    if (first_ == entries_.size() ||
        entries_.back().deadline <= entry.deadline) {
      return entries_.end();
    }
    return std::upper_bound(
        begin(), entries_.end(), entry,
        [](const Entry& a, const Entry& b) { return a.deadline < b.deadline; });
  }

  std::vector<Entry>::iterator begin() {
    return entries_.begin() + static_cast<std::ptrdiff_t>(first_);
  }

  // Not for each timer that is taken from the front: `del timers[0]` moves all
  // the others.
  void close_the_gap() {
    entries_.erase(entries_.begin(), begin());
    first_ = 0;
  }

  // What was collected and has not fired yet.
  void put_back_due() {
    close_the_gap();
    entries_.insert(begin(), due_.rest().begin(), due_.rest().end());
    std::sort(begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
      return is_before(a, b, records_);
    });
  }

  [[gnu::noinline]] void drop_cancelled() {
    const auto drop = records_.dropper();
    due_.erase_if(drop);
    close_the_gap();
    std::erase_if(entries_, drop);
  }

  [[gnu::noinline]] void give_back_surplus() {
    drop_cancelled();
    records_.trim();
    due_.give_back_surplus(records_.capacity());
    timers::give_back_surplus(entries_, records_.capacity());
  }

  TimerRecords<Value> records_;
  std::vector<Entry> entries_;  // From first_ on; before it, nothing.
  std::size_t first_ = 0;
  DueBatch due_;
};

}  // namespace timers

#endif  // TIMERS_SORTED_TIMER_LIST_H_

// What collect_due() collects, and fire_due() fires.
//
// A queue first moves all that is due here, in order, and then it is fired. So
// what is scheduled meanwhile stands in the queue itself and cannot be met
// before the next collect_due(), however early it is due.

#ifndef TIMERS_DUE_BATCH_H_
#define TIMERS_DUE_BATCH_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "timers/timer_records.h"

namespace timers {

class DueBatch {
 public:
  // Room for so many in all, so that pushing them cannot throw.
  void reserve(std::size_t count) { timers::reserve(entries_, count); }

  void push(Entry entry) { entries_.push_back(entry); }

  bool empty() const { return next_ == entries_.size(); }

  // What has not fired yet.
  std::span<const Entry> rest() const {
    return std::span(entries_).subspan(next_);
  }

  void clear() {
    entries_.clear();
    next_ = 0;
  }

  void give_back_surplus(std::size_t wanted) {
    timers::give_back_surplus(entries_, wanted);
  }

  // The earliest deadline of all: of this batch, and of `queued`, the first of
  // those in the queue (nullptr: it is empty).
  template <class Value>
  std::optional<std::chrono::nanoseconds> earliest(
      const Entry* queued, TimerRecords<Value>& records) {
    while (!empty() && !records.is_pending(entries_[next_].index)) {
      records.release(entries_[next_++].index);
    }
    const Entry* first = queued;
    if (!empty() &&
        (first == nullptr || entries_[next_].deadline < first->deadline)) {
      first = &entries_[next_];
    }
    if (first == nullptr) return std::nullopt;
    return std::chrono::nanoseconds(first->deadline);
  }

  // Drops what `unwanted` says.
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    std::erase_if(entries_, unwanted);
  }

  // Calls f(Value&&) for what is pending, and frees all records. Returns how
  // many it called f for. f may throw, and may change this batch.
  template <class Value, class F>
  std::size_t fire(TimerRecords<Value>& records, F& f) {
    std::size_t fired = 0;
    while (!empty()) {
      const std::uint32_t index = entries_[next_++].index;
      if (!records.is_pending(index)) {
        records.release(index);
        continue;
      }
      Value value = records.take(index);
      ++fired;
      f(std::move(value));
    }
    return fired;
  }

 private:
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

}  // namespace timers

#endif  // TIMERS_DUE_BATCH_H_

// The entries of a wheel that come next, in order.

#ifndef TIMERS_NEAR_ENTRIES_H_
#define TIMERS_NEAR_ENTRIES_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "timers/entry_heap.h"
#include "timers/timer_records.h"

namespace timers {

// What a slot held is sorted once and then read from front to back: half the
// work of taking it from a heap piece by piece. What comes too late to be
// sorted with it goes into a heap of its own, which is mostly small.
class NearEntries {
 public:
  std::size_t size() const { return run_.size() - next_ + late_.size(); }
  bool empty() const { return next_ == run_.size() && late_.empty(); }

  // The earliest; there must be one.
  template <class Records>
  const Entry& front(const Records& records) const {
    return late_is_first(records) ? late_.top() : run_[next_];
  }

  template <class Records>
  void pop_front(const Records& records) {
    if (late_is_first(records)) {
      late_.pop(records);
    } else {
      ++next_;
    }
  }

  // The last of those that were sorted; there must be one.
  const Entry& back() const { return run_.back(); }

  // So that the next push() cannot throw.
  void make_room() { late_.make_room(); }

  // Adds what was scheduled after all others.
  void push(Entry entry) { late_.push(entry); }

  // So that so many append()s cannot throw.
  void reserve(std::size_t count) {
    drop_read();
    timers::reserve(run_, run_.size() + count);
  }

  // Calls f for each entry.
  template <class F>
  void for_each(F f) const {
    std::for_each(run_.begin() + static_cast<std::ptrdiff_t>(next_), run_.end(),
                  f);
    late_.for_each(f);
  }

  // Adds an entry where it may not belong: sort() comes next.
  void append(Entry entry) { run_.push_back(entry); }

  // Drops what `unwanted` says. sort() comes next.
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    drop_read();
    std::erase_if(run_, unwanted);
    late_.erase_if(unwanted);
  }

  // Puts all in order.
  template <class Records>
  void sort(const Records& records) {
    drop_read();
    std::sort(run_.begin(), run_.end(), [&](const Entry& a, const Entry& b) {
      return is_before(a, b, records);
    });
    late_.order(records);
  }

  void give_back_surplus(std::size_t wanted) {
    timers::give_back_surplus(run_, wanted);
    late_.give_back_surplus(wanted);
  }

 private:
  void drop_read() {
    run_.erase(run_.begin(), run_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }

  template <class Records>
  bool late_is_first(const Records& records) const {
    if (late_.empty()) [[likely]]
      return false;
    return next_ == run_.size() || is_before(late_.top(), run_[next_], records);
  }

  std::vector<Entry> run_;  // Sorted; what stands before next_ has been read.
  std::size_t next_ = 0;
  EntryHeap late_;
};

}  // namespace timers

#endif  // TIMERS_NEAR_ENTRIES_H_

// A heap of entries, four children to a node.
//
// The children of a node fill one cache line, and the tree is half as deep as
// that of Python's heapq: half the cache misses, and with a million entries
// those are what counts.

#ifndef TIMERS_ENTRY_HEAP_H_
#define TIMERS_ENTRY_HEAP_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

#include "timers/timer_records.h"

namespace timers {

// The earliest entry is on top; of equal deadlines, the one that was scheduled
// first, which `records` tells.
class EntryHeap {
 public:
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const Entry& top() const { return entries_.front(); }

  // Room for so many in all, so that adding them cannot throw.
  void reserve(std::size_t count) { timers::reserve(entries_, count); }

  // So that the next push() cannot throw.
  void make_room() { timers::make_room(entries_); }

  // There must be room. `entry` was scheduled after all others that are here,
  // so it stands behind its equals and comparing deadlines will do.
  void push(Entry entry) {
    std::size_t place = entries_.size();
    // Said to the compiler, which then leaves out the code that makes room.
    assert(place < entries_.capacity());
    if (place == entries_.capacity()) __builtin_unreachable();
    entries_.push_back(entry);
    while (place > 0) {
      const std::size_t parent = (place - 1) / kChildren;
      if (entries_[parent].deadline <= entry.deadline) break;
      entries_[place] = entries_[parent];
      place = parent;
    }
    entries_[place] = entry;
  }

  template <class Records>
  void pop(const Records& records) {
    const Entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty()) sink(0, last, records);
  }

  // Calls f for each entry.
  template <class F>
  void for_each(F f) const {
    for (const Entry& entry : entries_) f(entry);
  }

  // Puts an entry at the end, where it may not belong: order() comes next.
  void append(Entry entry) { entries_.push_back(entry); }

  // Drops what `unwanted` says. order() comes next.
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    std::erase_if(entries_, unwanted);
  }

  void give_back_surplus(std::size_t wanted) {
    timers::give_back_surplus(entries_, wanted);
  }

  // Makes a heap of what is there, in linear time.
  template <class Records>
  void order(const Records& records) {
    if (entries_.size() < 2) return;
    for (std::size_t i = (entries_.size() - 2) / kChildren + 1; i-- > 0;) {
      sink(i, entries_[i], records);
    }
  }

 private:
  static constexpr std::size_t kChildren = 4;

  // Puts `entry` where it belongs in the tree below `place`, which is free.
  template <class Records>
  void sink(std::size_t place, Entry entry, const Records& records) {
    for (;;) {
      const std::size_t first = kChildren * place + 1;
      if (first >= entries_.size()) break;
      fetch(kChildren * first + 1);
      const std::size_t end = std::min(first + kChildren, entries_.size());
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (is_before(entries_[child], entries_[least], records)) least = child;
      }
      if (!is_before(entries_[least], entry, records)) break;
      entries_[place] = entries_[least];
      place = least;
    }
    entries_[place] = entry;
  }

  // Has the processor fetch the sixteen grandchildren, which stand side by side
  // from `first` on, while the children are compared. Else each level of a
  // large heap is a cache miss that waits for the one before. Inlined, or g++
  // takes it for a function that does nothing.
  [[gnu::always_inline]] void fetch(std::size_t first) const {
    constexpr std::size_t kGrandchildren = kChildren * kChildren;
    if (first + kGrandchildren > entries_.size()) return;
    for (std::size_t i = 0; i < kGrandchildren; i += kChildren) {
      __builtin_prefetch(&entries_[first + i]);
    }
  }

  std::vector<Entry> entries_;
};

}  // namespace timers

#endif  // TIMERS_ENTRY_HEAP_H_

// `Entry`: the small record that a timer queue sorts.

#ifndef TIMERS_DETAIL_ENTRY_H_
#define TIMERS_DETAIL_ENTRY_H_

#include <cstdint>

namespace timers {

/// A deadline, the index of the timer's record, and the ticket that was drawn
/// when the timer was scheduled or rescheduled.
struct Entry {
  // 16 bytes, four to a cache line: with a million timers the cost of an
  // operation is that of its cache misses.
  std::int64_t deadline;
  std::uint32_t index;
  std::uint32_t ticket;
};

/// Returns whether `a` fires before `b`.
inline bool operator<(const Entry& a, const Entry& b) {
  if (a.deadline == b.deadline) [[unlikely]]
    return a.ticket < b.ticket;
  return a.deadline < b.deadline;
}

}  // namespace timers

#endif  // TIMERS_DETAIL_ENTRY_H_

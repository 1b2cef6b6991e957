// `TimerHeap`: a timer queue that sorts its timers when they are nearly due.
//
// Most timers are cancelled long before they are due: idle timeouts, retries,
// deadlines of requests that get their answer. Sorting such timers is wasted
// work. So this heap is a quickheap: a quicksort that stops when it has found
// the first few entries, and continues when these have fired.
//
//   entries_   | due | run | level 1  | level 0                        |
//                                floor: 40        floor: 700
//
// All entries are in one array. The entries of a level are in no order, but
// none is before the floor of its level and all are before the floor of the
// next level. A new entry goes to the level where it belongs. For most entries
// this is the last level, and so the end of the array. When the run is used up,
// a pivot splits the nearest level in two, again and again, until the nearer
// part is small. That part is sorted and becomes the run. An entry therefore
// takes part in a few partitions, which read memory as a stream, and in one
// small sort.
//
// A cancelled or rescheduled timer leaves a stale entry behind, which is
// dropped later.

#ifndef TIMERS_TIMER_HEAP_H_
#define TIMERS_TIMER_HEAP_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "timers/detail/entry.h"
#include "timers/detail/timer_records.h"
#include "timers/detail/vector_memory.h"
#include "timers/timer_queue.h"

namespace timers {

/// The TimerQueue of the event loop: a quickheap.
///
/// ```cpp
/// timers::TimerHeap<std::function<void()>> queue;
/// const timers::TimerId id = queue.schedule(now() + 3s, hello);
/// queue.reschedule(id, now() + 5s);
/// queue.pop_due(now(), [](std::function<void()>&& f) { f(); });
/// ```
///
/// schedule(), cancel() and reschedule() take constant time on average, and
/// firing a timer takes logarithmic time; all of these are amortised. Once
/// warm, the heap allocates nothing while the number of pending timers stays
/// about the same. A heap with room for more than 4,096 timers frees memory of
/// which a thousand calls of collect_due() needed only a small part. One thread
/// at a time uses a heap. See TimerQueue for the whole contract.
///
/// After G. Navarro and R. Paredes, "On Sorting, Heaps, and Minimum Spanning
/// Trees" (Algorithmica 57:4, 2010). Differs from Python, whose loop uses
/// heapq: equal deadlines fire in the order of scheduling, and the value of a
/// cancelled timer is destroyed at once.
template <class Value>
class TimerHeap {
  using Records = TimerRecords<Value>;
  using Added = typename Records::Added;

 public:
  /// Makes an empty heap. `first_ticket` starts the heap's own count of the
  /// schedule() and reschedule() calls. Only a test passes it, to reach an
  /// overflow of that count.
  explicit TimerHeap(std::uint32_t first_ticket = Records::kFirstTicket)
      : records_(first_ticket) {}
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  /// Cancels all timers one by one, so that the destructors of their values may
  /// still use the heap.
  ~TimerHeap() { cancel_all(*this, records_); }

  /// Schedules a value, constructed in place from `args`, for `deadline`. The
  /// deadline may be past. Throws std::bad_alloc when out of memory, or the
  /// exception of the constructor; then nothing has changed.
  template <class... Args>
  [[gnu::flatten]] TimerId schedule(std::chrono::nanoseconds deadline,
                                    Args&&... args) {
    // Without "flatten" g++ would not inline the vector's push_back(), which
    // has several callers.
    if (!records_.has_room() || is_full()) [[unlikely]]
      return schedule_slowly(deadline, std::forward<Args>(args)...);
    return schedule_into_room(deadline, std::forward<Args>(args)...);
  }

  /// Cancels a timer, destroys its value and returns whether the timer was
  /// pending.
  bool cancel(TimerId id) {
    if (!records_.contains(id)) return false;
    records_.remove(Records::index_of(id));
    if (empty() && due_ == due_end_) [[unlikely]]
      clear();
    return true;
  }

  /// Gives a timer another deadline and returns whether the timer was pending.
  /// The timer keeps its id and value, and counts as scheduled now. Throws
  /// std::bad_alloc when out of memory; then nothing has changed.
  bool reschedule(TimerId id, std::chrono::nanoseconds deadline) {
    if (!records_.contains(id)) return false;
    if (is_full()) [[unlikely]]
      return reschedule_slowly(id, deadline);
    const std::uint32_t index = Records::index_of(id);
    push({deadline.count(), index, records_.restart(index)});
    return true;
  }

  /// Returns the earliest deadline, exactly, or nullopt if no timer is pending.
  std::optional<std::chrono::nanoseconds> next_deadline() {
    while (due_ != due_end_ && records_.is_stale(entries_[due_])) ++due_;
    while (fill_run() && records_.is_stale(entries_[run_])) ++run_;
    const Entry* first = run_ != run_end() ? &entries_[run_] : nullptr;
    if (due_ != due_end_ && (first == nullptr || entries_[due_] < *first)) {
      first = &entries_[due_];
    }
    if (first == nullptr) return std::nullopt;
    return std::chrono::nanoseconds(first->deadline);
  }

  /// Collects the timers whose deadline is not after `now`. They stay pending
  /// until they fire.
  void collect_due(std::chrono::nanoseconds now) {
    if (due_ != due_end_) [[unlikely]]
      put_back_due();
    if (run_ == entries_.size()) clear();
    due_ = due_end_ = run_;
    do {
      const std::size_t end = run_end();
      while (run_ != end && entries_[run_].deadline <= now.count()) {
        entries_[due_end_++] = entries_[run_++];
      }
    } while (run_ == run_end() && levels_ != 0 &&
             level_[levels_ - 1].floor <= now.count() && fill_run());
    if (records_.tick_surplus()) [[unlikely]]
      give_back_surplus();
  }

  /// Calls f(Value&&) for each collected timer, in the order of the deadlines,
  /// and returns the number of calls. An exception of f propagates; the timers
  /// that are left fire in the next call.
  template <class F>
  std::size_t fire_due(F&& f) {
    std::size_t fired = 0;
    while (due_ != due_end_) {
      const Entry entry = entries_[due_++];
      if (records_.is_stale(entry)) continue;
      ++fired;
      records_.fire(entry.index, f);
    }
    return fired;
  }

  /// Calls collect_due(now), then fire_due(f), and returns the number of timers
  /// that fired.
  template <class F>
  std::size_t pop_due(std::chrono::nanoseconds now, F&& f) {
    collect_due(now);
    return fire_due(f);
  }

  /// Returns the number of timers that have neither fired nor been cancelled.
  std::size_t size() const { return records_.size(); }
  /// Returns whether no timer is pending.
  bool empty() const { return size() == 0; }

 private:
  // The size of a leaf of the quicksort, which is sorted and not split.
  static constexpr std::size_t kLeaf = 64;
  // A run of this size becomes a level, as inserting into it would move too
  // many entries.
  static constexpr std::size_t kLongRun = 128;
  static constexpr std::size_t kMaxLevels = 48;

  struct Level {
    std::int64_t floor;  // No entry of the level is before it.
    std::size_t begin;   // A level ends where the next one begins.
  };

  std::size_t run_end() const { return end_of(levels_); }
  bool is_full() const { return entries_.size() == entries_.capacity(); }
  // Returns the number of stale entries. Each pending timer has one entry that
  // is not stale.
  std::size_t stale() const {
    return due_end_ - due_ + entries_.size() - run_ - size();
  }

  template <class... Args>
  [[gnu::always_inline]] TimerId schedule_into_room(
      std::chrono::nanoseconds deadline, Args&&... args) {
    const Added added = records_.add(std::forward<Args>(args)...);
    // The constructor may have scheduled other timers, which took the room.
    if (is_full()) [[unlikely]]
      return start_slowly(added, deadline);
    return start(added, deadline);
  }

  [[gnu::always_inline]] TimerId start(Added added,
                                       std::chrono::nanoseconds deadline) {
    push({deadline.count(), added.index, records_.start(added)});
    return records_.id_of(added.index);
  }

  // The functions that follow make room first. They are rarely called and not
  // inlined. Their callers end with the call, and so save no registers.

  template <class... Args>
  [[gnu::noinline]] TimerId schedule_slowly(std::chrono::nanoseconds deadline,
                                            Args&&... args) {
    records_.make_room();
    if (is_full()) find_entry_room();
    return schedule_into_room(deadline, std::forward<Args>(args)...);
  }

  [[gnu::noinline]] TimerId start_slowly(Added added,
                                         std::chrono::nanoseconds deadline) {
    try {
      find_entry_room();
    } catch (...) {
      records_.discard(added.index);
      throw;
    }
    return start(added, deadline);
  }

  [[gnu::noinline]] bool reschedule_slowly(TimerId id,
                                           std::chrono::nanoseconds deadline) {
    find_entry_room();
    return reschedule(id, deadline);
  }

  [[gnu::noinline]] void find_entry_room() {
    if (2 * size() >= entries_.size()) {
      grow(entries_, entries_.size() + kLeaf);
    } else {
      pack();
    }
    if (records_.has_drawn_many_tickets()) [[unlikely]]
      renumber();
  }

  // Empties the array, in which only consumed and stale entries may be left.
  void clear() {
    entries_.clear();
    due_ = due_end_ = run_ = levels_ = 0;
    records_.reset_tickets();
  }

  // Adds an entry, for which there must be room.
  [[gnu::always_inline]] void push(const Entry& entry) {
    // With this knowledge the compiler omits the code that makes room.
    assert(!is_full());
    if (is_full()) __builtin_unreachable();
    entries_.push_back(entry);
    if (levels_ == 0 || entry.deadline < level_[0].floor) insert_nearer(entry);
  }

  // Moves the entry, which is the last one, to the level where it belongs. Each
  // level on the way moves up by one: its first entry becomes its last.
  [[gnu::noinline]] void insert_nearer(const Entry entry) {
    std::size_t hole = entries_.size() - 1;
    for (std::size_t i = 0; i < levels_; ++i) {
      if (entry.deadline >= level_[i].floor) {
        entries_[hole] = entry;
        return;
      }
      hole = vacate_first(level_[i], hole);
    }
    insert_into_run(hole, entry);
  }

  std::size_t vacate_first(Level& level, std::size_t hole) {
    entries_[hole] = entries_[level.begin];
    return level.begin++;
  }

  // Inserts an entry into the run. The hole is at the end of the run.
  void insert_into_run(std::size_t hole, const Entry& entry) {
    if (hole == run_ || entry.deadline >= entries_[hole - 1].deadline) {
      entries_[hole] = entry;
    } else if (hole - run_ < kLongRun) {
      const auto place = std::upper_bound(at(run_), at(hole), entry);
      std::move_backward(place, at(hole), at(hole + 1));
      *place = entry;
    } else {
      push_level({entries_[run_].deadline, run_});  // The run is empty now.
      Level& level = level_[levels_ - 1];
      if (entry.deadline < level.floor) hole = vacate_first(level, hole);
      entries_[hole] = entry;
    }
  }

  // Adds the nearest level. If there are too many levels, the nearest two
  // become one first.
  void push_level(const Level& level) {
    if (levels_ == kMaxLevels) {
      --levels_;
      level_[levels_ - 1] = level_[levels_];
    }
    level_[levels_++] = level;
  }

  // Fills an empty run. Returns whether the run has entries now.
  bool fill_run() {
    while (run_ == run_end()) {
      if (levels_ == 0) return false;
      open_level();
    }
    return true;
  }

  // Turns the nearest level into the run or, if it is large, splits it in two.
  [[gnu::noinline]] void open_level() {
    const std::size_t end = end_of(levels_ - 1);
    const bool is_small = end - run_ <= kLeaf;
    if (stale() > (is_small ? 0 : size() / 4)) drop_stale_from_run(end);
    if (!std::is_sorted(at(run_), at(end))) {
      if (!is_small && split(end)) return;
      std::sort(at(run_), at(end));
    }
    --levels_;
  }

  // Moves the entries that are not stale to the end, where the next level
  // begins.
  void drop_stale_from_run(std::size_t end) {
    const auto pending = std::remove_if(
        std::make_reverse_iterator(at(end)),
        std::make_reverse_iterator(at(run_)),
        [this](const Entry& entry) { return records_.is_stale(entry); });
    run_ = static_cast<std::size_t>(pending.base() - entries_.begin());
    level_[levels_ - 1].begin = run_;
  }

  // Splits the nearest level in two. Returns false if all its entries have one
  // deadline.
  bool split(std::size_t end) {
    std::int64_t floor = guess_median(end);
    const auto is_nearer = [&floor](const Entry& entry) {
      return entry.deadline < floor;
    };
    auto middle = std::partition(at(run_), at(end), is_nearer);
    if (middle == at(run_)) {
      if (floor == std::numeric_limits<std::int64_t>::max()) return false;
      ++floor;
      middle = std::partition(at(run_), at(end), is_nearer);
      if (middle == at(end)) return false;
    }
    Level& level = level_[levels_ - 1];
    const std::int64_t nearer_floor = std::exchange(level.floor, floor);
    level.begin = static_cast<std::size_t>(middle - entries_.begin());
    push_level({nearer_floor, run_});
    return true;
  }

  // Returns the median of five random entries. As the choice does not depend on
  // the order of scheduling, a sorted or reversed order is not a bad case.
  std::int64_t guess_median(std::size_t end) {
    std::array<std::int64_t, 5> sample;
    for (std::int64_t& deadline : sample) {
      random_ =
          random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's.
      deadline = entries_[run_ + (random_ >> 32) % (end - run_)].deadline;
    }
    std::nth_element(sample.begin(), sample.begin() + 2, sample.end());
    return sample[2];
  }

  // Makes the collected entries pending again. Entries that were scheduled
  // since may be before some of them. So the collected entries, the run and all
  // levels that they overlap become one level.
  [[gnu::noinline]] void put_back_due() {
    std::move_backward(at(due_), at(due_end_), at(run_));
    const std::int64_t last = entries_[run_ - 1].deadline;
    run_ -= due_end_ - due_;
    while (levels_ != 0 && level_[levels_ - 1].floor <= last) --levels_;
    push_level({std::numeric_limits<std::int64_t>::min(), run_});
  }

  // Drops the stale entries and the gaps.
  void pack() {
    std::size_t packed = 0;
    const auto pack_part = [&](std::size_t begin, std::size_t end) {
      const std::size_t new_begin = packed;
      for (std::size_t i = begin; i != end; ++i) {
        if (!records_.is_stale(entries_[i])) entries_[packed++] = entries_[i];
      }
      return new_begin;
    };
    due_ = pack_part(due_, due_end_);
    due_end_ = packed;
    run_ = pack_part(run_, run_end());
    for (std::size_t i = levels_; i-- > 0;) {
      level_[i].begin = pack_part(level_[i].begin, end_of(i));
    }
    entries_.resize(packed);
  }

  // Numbers the tickets of the pending timers from the first again, in the
  // order of firing; see entry.h. Called when half of the tickets are drawn,
  // which takes 1,000,000,000 timers.
  [[gnu::noinline]] void renumber() {
    pack();
    std::sort(at(run_), entries_.end());
    levels_ = 0;
    records_.reset_tickets();
    for (Entry& entry : entries_) entry.ticket = records_.restart(entry.index);
  }

  [[gnu::noinline]] void give_back_surplus() {
    pack();
    records_.trim();
    timers::give_back_surplus(entries_, size());
  }

  std::size_t end_of(std::size_t level) const {
    return level == 0 ? entries_.size() : level_[level - 1].begin;
  }
  std::vector<Entry>::iterator at(std::size_t place) {
    return entries_.begin() + static_cast<std::ptrdiff_t>(place);
  }

  Records records_;
  std::vector<Entry> entries_;
  std::size_t due_ = 0;  // From here to due_end_: collected and sorted.
  std::size_t due_end_ = 0;
  std::size_t run_ = 0;  // From here to run_end(): sorted.
  std::size_t levels_ = 0;
  std::array<Level, kMaxLevels> level_;  // The nearest is the last one.
  std::uint64_t random_ = 1;
};

}  // namespace timers

#endif  // TIMERS_TIMER_HEAP_H_

// A hierarchical wheel: timers are not sorted before they are nearly due.
//
// Most timers are cancelled long before: idle timeouts, retries, deadlines of
// requests that get their answer. To sort those would be wasted. So a wheel
// throws a timer into one of its slots, by arithmetic alone, and looks into a
// slot only when all that is earlier has fired.
//
// A deadline is a number of 64 bits, read as 11 digits of 6 bits. Level 0 of
// the wheel has 64 slots for the last digit, level 1 for the one before it, and
// so on. A deadline goes to the level of the first digit in which it differs
// from the horizon, the time up to which everything has been sorted, and there
// into the slot of that digit. So each slot covers a span of time, and they
// follow one upon the other: first those of level 0 that are in use, then those
// of level 1, and so on.
//
// When the slot that comes next is opened, and has few entries, they are
// sorted, and the horizon moves to the last of them. If it has many, the
// horizon moves to the first of them, and the others differ from that in a
// later digit: they go down to lower levels. Deadlines are kept whole all the
// way, so nothing is rounded and the order is exact.
//
// To tell the next deadline a slot may have to be opened long before it is due.
// Then the horizon lies ahead of the clock, and what is scheduled before it
// goes into a heap (NearEntries). If that becomes most of all, the horizon is
// taken back.

#ifndef TIMERS_TIMER_WHEEL_H_
#define TIMERS_TIMER_WHEEL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "timers/due_batch.h"
#include "timers/entry_bags.h"
#include "timers/near_entries.h"
#include "timers/timer_queue.h"
#include "timers/timer_records.h"

namespace timers {

// A TimerQueue. schedule() and cancel() take constant time; to fire a timer
// takes that of sorting a few dozen and of going down some levels, most often
// one or two.
//
// After G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels"
// (SOSP 1987), scheme 7. Theirs has a clock that ticks, and rounds to ticks.
template <class Value>
class TimerWheel {
 public:
  TimerWheel() = default;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel() { cancel_all(*this, records_); }

  template <class... Args>
  TimerId schedule(std::chrono::nanoseconds deadline, Args&&... args) {
    const Time time = deadline.count();
    if (time > horizon_ && records_.has_room()) [[likely]] {
      const std::uint32_t slot = slot_of(time);
      if (slots_.has_room(slot)) [[likely]]
        return add_to(slot, time, std::forward<Args>(args)...);
    }
    return schedule_slowly(time, std::forward<Args>(args)...);
  }

  // Leaves the entry in its slot, where it is dropped when the slot is opened,
  // or when there are too many of its kind.
  bool cancel(TimerId id) {
    if (!records_.contains(id)) return false;
    [[maybe_unused]] const auto dying = records_.cancel(id);
    if (records_.has_many_cancelled()) [[unlikely]]
      drop_cancelled();
    return true;
  }

  std::optional<std::chrono::nanoseconds> next_deadline() {
    while (open_if_none_is_near() &&
           !records_.is_pending(near_.front(records_).index)) {
      records_.release(near_.front(records_).index);
      near_.pop_front(records_);
    }
    return due_.earliest(near_.empty() ? nullptr : &near_.front(records_),
                         records_);
  }

  void collect_due(std::chrono::nanoseconds now) {
    if (!due_.empty()) put_back_due();
    due_.clear();
    move_due(now.count());
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
  using Time = std::int64_t;

  static constexpr unsigned kDigitBits = 6;
  static constexpr unsigned kDigits = 1u << kDigitBits;
  static constexpr unsigned kLevels = (64 + kDigitBits - 1) / kDigitBits;
  static constexpr unsigned kSlots = kLevels * kDigits;

  // So many entries are sorted faster than they are spread over lower slots.
  static constexpr std::size_t kFew = 128;
  // Below this a heap is as good as the wheel.
  static constexpr std::size_t kCrowd = 1024;

  // The same order, without a sign: digits are compared from the first to the
  // last.
  static std::uint64_t bits_of(Time time) {
    return static_cast<std::uint64_t>(time) ^ (std::uint64_t{1} << 63);
  }

  // The slot of `time`, which must be after the horizon.
  std::uint32_t slot_of(Time time) const { return slot_of(time, horizon_); }

  static std::uint32_t slot_of(Time time, Time horizon) {
    // Not std::countl_zero(), which asks whether they differ at all.
    const auto same_bits = static_cast<unsigned>(
        __builtin_clzll(static_cast<std::uint64_t>(time ^ horizon)));
    const unsigned level = (63 - same_bits) / kDigitBits;
    const std::uint64_t digits = bits_of(time) >> (level * kDigitBits);
    return level * kDigits + static_cast<std::uint32_t>(digits % kDigits);
  }

  // When the span of a slot begins.
  std::uint64_t start_of(std::uint32_t slot) const {
    const unsigned shift = slot / kDigits * kDigitBits;
    const std::uint64_t digits_up_to_here = bits_of(horizon_) >> shift;
    return (digits_up_to_here / kDigits * kDigits + slot % kDigits) << shift;
  }

  void make_room(std::uint32_t slot) {
    if (slots_.has_room(slot)) return;
    slots_.make_room(slot);
    mark_in_use(slot);
  }
  void mark_in_use(std::uint32_t slot) {
    in_use_[slot / kDigits] |= std::uint64_t{1} << slot % kDigits;
  }
  void mark_empty(std::uint32_t slot) {
    in_use_[slot / kDigits] &= ~(std::uint64_t{1} << slot % kDigits);
  }

  // Calls f(slot) for the slots in use in the levels below `end`.
  template <class F>
  void for_each_in_use(std::uint32_t end, F f) const {
    for (std::uint32_t level = 0; level < end; ++level) {
      for (std::uint64_t left = in_use_[level]; left != 0; left &= left - 1) {
        f(level * kDigits + static_cast<std::uint32_t>(std::countr_zero(left)));
      }
    }
  }

  // The slot whose span comes first; nullopt if all are empty.
  std::optional<std::uint32_t> first_slot() const {
    for (std::uint32_t level = 0; level < kLevels; ++level) {
      if (in_use_[level] == 0) continue;
      return level * kDigits +
             static_cast<std::uint32_t>(std::countr_zero(in_use_[level]));
    }
    return std::nullopt;
  }

  // Returns false if there is nothing to open either.
  bool open_if_none_is_near() {
    while (near_.empty()) {
      const auto slot = first_slot();
      if (!slot) return false;
      open(*slot);
    }
    return true;
  }

  // Where entries belong, as seen from a horizon.
  struct Places {
    void add(const Entry& entry, Time horizon) {
      if (entry.deadline <= horizon) {
        ++near;
        return;
      }
      ++far;
      const std::uint32_t slot = slot_of(entry.deadline, horizon);
      used[slot / kDigits] |= std::uint64_t{1} << slot % kDigits;
    }
    std::size_t slots() const {
      int count = 0;
      for (const std::uint64_t level : used) count += std::popcount(level);
      return static_cast<std::size_t>(count);
    }
    std::size_t near = 0;
    std::size_t far = 0;  // These are in slots.
    std::array<std::uint64_t, kLevels> used{};
  };

  // Nothing must be near yet, and no slot that is in use come before this one.
  // If there is no memory, nothing has changed.
  void open(std::uint32_t slot) {
    if (slots_.has_at_most(kFew, slot)) {
      near_.reserve(kFew);
      mark_empty(slot);
      slots_.take_each(slot, [this](const Entry& entry) { put_near(entry); });
      near_.sort(records_);
      if (!near_.empty()) horizon_ = near_.back().deadline;
    } else {
      const Time first = first_deadline_in(slot);
      Places places;
      slots_.for_each(slot,
                      [&](const Entry& entry) { places.add(entry, first); });
      near_.reserve(places.near);
      slots_.reserve(places.slots() + 1);  // One is given back when it is read.
      mark_empty(slot);
      horizon_ = first;
      slots_.take_each(slot, [this](const Entry& entry) { put(entry); });
      near_.sort(records_);
    }
    spill_at_ = kCrowd;
  }

  Time first_deadline_in(std::uint32_t slot) const {
    Time first = std::numeric_limits<Time>::max();
    slots_.for_each(slot, [&](const Entry& entry) {
      first = std::min(first, entry.deadline);
    });
    return first;
  }

  // To where it belongs now. What is near must be sorted then.
  void put(const Entry& entry) {
    if (entry.deadline <= horizon_) return put_near(entry);
    const std::uint32_t slot = slot_of(entry.deadline);
    make_room(slot);
    slots_.add(slot, entry);
  }

  void put_near(const Entry& entry) {
    if (records_.is_pending(entry.index)) {
      near_.append(entry);
    } else {
      records_.release(entry.index);
    }
  }

  // Moves what is due to due_, in order.
  void move_due(Time now) {
    for (;;) {
      while (!near_.empty() && near_.front(records_).deadline <= now) {
        due_.push(near_.front(records_));
        near_.pop_front(records_);
      }
      if (!near_.empty()) return;
      const auto slot = first_slot();
      if (!slot || start_of(*slot) > bits_of(now)) break;
      open(*slot);
    }
    // No slot covers `now`: let the horizon keep up with the clock.
    horizon_ = std::max(horizon_, now);
  }

  // There must be room.
  template <class... Args>
  TimerId add_to(std::uint32_t slot, Time time, Args&&... args) {
    const TimerId id = records_.add(std::forward<Args>(args)...);
    slots_.add(slot, {time, records_.index_of(id)});
    return id;
  }

  // Before the horizon, or where there is no room yet. A function of its own,
  // so that the other way has no registers to save.
  template <class... Args>
  [[gnu::noinline]] TimerId schedule_slowly(Time time, Args&&... args) {
    if (time <= horizon_ && near_.size() > spill_at_) spill();
    records_.make_room();
    if (time > horizon_) {
      const std::uint32_t slot = slot_of(time);
      make_room(slot);
      return add_to(slot, time, std::forward<Args>(args)...);
    }
    near_.make_room();
    const TimerId id = records_.add(std::forward<Args>(args)...);
    near_.push({time, records_.index_of(id)});
    return id;
  }

  // In the slots, so that put() cannot throw.
  void make_room_for(const Places& places) {
    slots_.reserve(places.slots() + slots_.blocks_for(places.far));
  }

  // Much has been scheduled before the horizon. If that is most of all, takes
  // the horizon back to the first of it. Slots below the level in which the old
  // and the new horizon differ are parts of one slot then.
  [[gnu::noinline]] void spill() {
    drop_cancelled();
    spill_at_ = kCrowd + 2 * near_.size();
    if (near_.empty() || near_.size() < size() / 2) return;
    const Time first = near_.front(records_).deadline;
    if (first == horizon_) return;
    Places places;
    near_.for_each([&](const Entry& entry) { places.add(entry, first); });
    try {
      make_room_for(places);
    } catch (const std::bad_alloc&) {
      return;  // It only takes longer.
    }
    const Time old = std::exchange(horizon_, first);
    const std::uint32_t whole = slot_of(old);
    for_each_in_use(whole / kDigits, [&](std::uint32_t part) {
      slots_.move_all(part, whole);
      mark_empty(part);
      mark_in_use(whole);
    });
    near_.erase_if([this](const Entry& entry) {
      if (entry.deadline <= horizon_) return false;
      put(entry);
      return true;
    });
    near_.sort(records_);
  }

  // What was collected and has not fired yet.
  // The horizon may have been taken back since.
  void put_back_due() {
    Places places;
    for (const Entry& entry : due_.rest()) places.add(entry, horizon_);
    near_.reserve(places.near);
    make_room_for(places);
    for (const Entry& entry : due_.rest()) put(entry);
    near_.sort(records_);
  }

  [[gnu::noinline]] void drop_cancelled() {
    const auto drop = records_.dropper();
    due_.erase_if(drop);
    near_.erase_if(drop);
    near_.sort(records_);
    for_each_in_use(kLevels, [&](std::uint32_t slot) {
      slots_.erase_if(slot, drop);
      if (slots_.empty(slot)) mark_empty(slot);
    });
  }

  [[gnu::noinline]] void give_back_surplus() {
    drop_cancelled();
    due_.give_back_surplus(size());
    near_.give_back_surplus(size());
    slots_.give_back_surplus();
    records_.trim();
  }

  TimerRecords<Value> records_;
  // What is not after it is near, or due; what is after it is in a slot.
  Time horizon_ = std::numeric_limits<Time>::min();
  std::array<std::uint64_t, kLevels> in_use_{};  // A bit for each slot.
  EntryBags<kSlots> slots_;
  NearEntries near_;
  std::size_t spill_at_ = kCrowd;
  DueBatch due_;
};

}  // namespace timers

#endif  // TIMERS_TIMER_WHEEL_H_

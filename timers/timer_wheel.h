// `TimerWheel`: a timer queue that is a hierarchical timing wheel, without
// ticks.
//
// A deadline is a number of 64 bits, read as 11 digits of 6 bits. Level 0 of
// the wheel has 64 slots for the last digit, level 1 has 64 for the digit
// before the last, and so on. A timer goes to the level of the first digit in
// which its deadline differs from the horizon, and there into the slot of that
// digit.
//
//   deadline:   ... | 17 | 03 | 58 | 20 |
//   horizon:    ... | 17 | 03 | 41 | 09 |
//                               ^ the first that differs: level 1, slot 58
//
// Each slot covers a span of time, and these spans follow one another: first
// those of level 0, then those of level 1, and so on. A slot is opened when all
// slots before it have fired. If the slot has few timers, they become near, and
// the horizon moves to the last of them. If the slot has many timers, the
// horizon moves to the first of them. The others differ from the first one in a
// later digit, so they move down to lower levels. Deadlines are kept whole, so
// nothing is rounded and the order is exact.
//
// Timers that are not after the horizon are near. A heap holds them.

#ifndef TIMERS_TIMER_WHEEL_H_
#define TIMERS_TIMER_WHEEL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "timers/detail/timer_node.h"
#include "timers/detail/timer_records.h"
#include "timers/timer_queue.h"

namespace timers {

/// A TimerQueue whose schedule(), cancel() and reschedule() take constant time,
/// except for timers that are nearly due.
///
/// ```cpp
/// timers::TimerWheel<std::function<void()>> queue;
/// const timers::TimerId id = queue.schedule(now() + 3s, hello);
/// queue.cancel(id);
/// ```
///
/// Cancelling or firing a timer that is nearly due takes logarithmic time on
/// average, in the number of the timers that are nearly due. A timer moves down
/// at most ten levels before it fires. Only schedule() needs memory. One thread
/// at a time uses a wheel. See TimerQueue for the whole contract.
///
/// After G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels"
/// (SOSP 1987), scheme 7; theirs has a clock that ticks, and rounds to ticks.
/// The heap is that of M. Fredman, R. Sedgewick, D. Sleator and R. Tarjan, "The
/// Pairing Heap" (Algorithmica 1, 1986). Differs from Python, whose loop uses
/// heapq: equal deadlines fire in the order of scheduling, and the value of a
/// cancelled timer is destroyed at once.
template <class Value>
class TimerWheel {
 public:
  /// Makes an empty wheel.
  TimerWheel() = default;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  /// Cancels all timers one by one, so that the destructors of their values may
  /// still use the wheel.
  ~TimerWheel() { cancel_all(*this, records_); }

  /// Schedules a value, constructed in place from `args`, for `deadline`. The
  /// deadline may be past. Throws std::bad_alloc when out of memory, or the
  /// exception of the constructor; then nothing has changed.
  template <class... Args>
  TimerId schedule(std::chrono::nanoseconds deadline, Args&&... args) {
    records_.make_room();
    const auto added = records_.add(std::in_place, std::forward<Args>(args)...);
    records_.start(added);
    added.value->index = added.index;
    put_last(*added.value, deadline);
    return records_.id_of(added.index);
  }

  /// Cancels a timer, destroys its value and returns whether the timer was
  /// pending.
  bool cancel(TimerId id) {
    if (!records_.contains(id)) return false;
    const std::uint32_t index = Records::index_of(id);
    remove(*records_.value_at(index));
    records_.remove(index);
    return true;
  }

  /// Gives a timer another deadline and returns whether the timer was pending.
  /// The timer keeps its id and value, and counts as scheduled now. Allocates
  /// nothing.
  bool reschedule(TimerId id, std::chrono::nanoseconds deadline) {
    if (!records_.contains(id)) return false;
    Timer& timer = *records_.value_at(Records::index_of(id));
    remove(timer);
    put_last(timer, deadline);
    return true;
  }

  /// Returns the earliest deadline, exactly, or nullopt if no timer is pending.
  std::optional<std::chrono::nanoseconds> next_deadline() {
    const TimerNode* first = find_first();
    const TimerNode* const due = due_.child;
    if (due != nullptr && (first == nullptr || *due < *first)) first = due;
    if (first == nullptr) return std::nullopt;
    return std::chrono::nanoseconds(first->deadline);
  }

  /// Collects the timers whose deadline is not after `now`. They stay pending
  /// until they fire.
  void collect_due(std::chrono::nanoseconds now) {
    take_each(due_, [this](TimerNode& node) { put(node); });
    if (empty()) horizon_ = now.count();
    TimerNode* last = &due_;
    while (make_near(now.count())) {
      TimerNode& first = *near_.child;
      if (first.deadline > now.count()) break;
      remove(first);
      append(due_, *last, first);
      last = &first;
    }
    if (records_.tick_surplus()) [[unlikely]]
      records_.trim();
  }

  /// Calls f(Value&&) for each collected timer, in the order of the deadlines,
  /// and returns the number of calls. An exception of f propagates; the timers
  /// that are left fire in the next call.
  template <class F>
  std::size_t fire_due(F&& f) {
    std::size_t fired = 0;
    const auto fire = [&f](Timer&& timer) { f(std::move(timer.value)); };
    while (due_.child != nullptr) {
      const Timer& timer = static_cast<Timer&>(*due_.child);
      remove(*due_.child);
      ++fired;
      records_.fire(timer.index, fire);
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
  struct Timer : TimerNode {
    template <class... Args>
    explicit Timer(std::in_place_t, Args&&... args) noexcept(
        std::is_nothrow_constructible_v<Value, Args...>)
        : value(std::forward<Args>(args)...) {}
    bool is_trivially_destructible() const {
      return timers::is_trivially_destructible(value);
    }
    std::uint32_t index = 0;  // Of its record.
    Value value;
  };
  using Records = TimerRecords<Timer>;

  static constexpr unsigned kDigitBits = 6;
  static constexpr unsigned kDigits = 1u << kDigitBits;
  static constexpr unsigned kLevels = (64 + kDigitBits - 1) / kDigitBits;
  // The number of timers of one slot that may become near at once. In a larger
  // slot, searching for the first timer each time would cost too much.
  static constexpr std::size_t kFew = 32;

  // The timers of a slot.
  struct Content {
    bool is_small() const { return count <= kFew; }
    std::size_t count = 0;
    const TimerNode* first = nullptr;
    const TimerNode* last = nullptr;
  };

  // Returns `time` as an unsigned number of the same order, so that digits can
  // be compared from the first to the last.
  static std::uint64_t bits_of(std::int64_t time) {
    return static_cast<std::uint64_t>(time) ^ (std::uint64_t{1} << 63);
  }

  // Returns the slot of a time after the horizon.
  std::uint32_t slot_of(std::int64_t time) const {
    const int same_bits = std::countl_zero(bits_of(time) ^ bits_of(horizon_));
    const unsigned level = (63 - static_cast<unsigned>(same_bits)) / kDigitBits;
    const std::uint64_t digits = bits_of(time) >> (level * kDigitBits);
    return level * kDigits + static_cast<std::uint32_t>(digits % kDigits);
  }

  // Returns the begin of the span of a slot, in bits_of() terms.
  std::uint64_t start_of(std::uint32_t slot) const {
    const unsigned shift = slot / kDigits * kDigitBits;
    const std::uint64_t digits_up_to_here = bits_of(horizon_) >> shift;
    return (digits_up_to_here / kDigits * kDigits + slot % kDigits) << shift;
  }

  // Gives a timer its deadline, and puts it behind all timers of that deadline.
  void put_last(TimerNode& node, std::chrono::nanoseconds deadline) {
    node.deadline = deadline.count();
    node.number = next_number_++;
    put(node);
  }

  // Puts a timer into the heap or the slot where its deadline belongs.
  void put(TimerNode& node) {
    if (node.deadline <= horizon_) return push_heap(near_, node);
    const std::uint32_t slot = slot_of(node.deadline);
    in_use_[slot / kDigits] |= std::uint64_t{1} << slot % kDigits;
    push_child(slots_[slot], node);
  }

  // Returns the slot whose span comes first, or nullopt if all are empty.
  std::optional<std::uint32_t> first_slot() {
    for (std::uint32_t level = 0; level < kLevels; ++level) {
      for (std::uint64_t& left = in_use_[level]; left != 0; left &= left - 1) {
        const auto digit = static_cast<std::uint32_t>(std::countr_zero(left));
        const std::uint32_t slot = level * kDigits + digit;
        if (slots_[slot].child != nullptr) return slot;
      }
    }
    return std::nullopt;
  }

  Content content_of(std::uint32_t slot) const {
    Content content;
    const TimerNode* node = slots_[slot].child;
    content.first = content.last = node;
    for (; node != nullptr; node = node->next) {
      ++content.count;
      if (*node < *content.first) content.first = node;
      if (*content.last < *node) content.last = node;
    }
    return content;
  }

  // Spreads the timers of a slot. All slots before it must have fired.
  void open(std::uint32_t slot, const Content& content) {
    horizon_ = (content.is_small() ? content.last : content.first)->deadline;
    take_each(slots_[slot], [this](TimerNode& node) { put(node); });
  }

  // Returns the first timer that is not collected, or nullptr if there is none.
  // A distant slot is not opened for a few timers, because timers that are
  // scheduled before them would then have to go into the heap.
  const TimerNode* find_first() {
    while (near_.child == nullptr) {
      const auto slot = first_slot();
      if (!slot) return nullptr;
      const Content content = content_of(*slot);
      if (content.is_small()) return content.first;
      open(*slot, content);
    }
    return near_.child;
  }

  // Opens slots whose spans have begun until a timer is near. Returns false,
  // and moves the horizon to `now`, if there is none.
  bool make_near(std::int64_t now) {
    while (near_.child == nullptr) {
      const auto slot = first_slot();
      if (!slot || start_of(*slot) > bits_of(now)) {
        horizon_ = std::max(horizon_, now);
        return false;
      }
      open(*slot, content_of(*slot));
    }
    return true;
  }

  Records records_{Records::kFirstTicket};
  std::uint64_t next_number_ = 0;
  // Timers that are not after the horizon are near or were collected; timers
  // after the horizon are in a slot.
  std::int64_t horizon_ = std::numeric_limits<std::int64_t>::min();
  // A bit for each slot. The bits of empty slots may be set, because cancel()
  // does not know the slot.
  std::array<std::uint64_t, kLevels> in_use_{};
  std::array<TimerNode, std::size_t{kLevels} * kDigits>
      slots_;       // Lists, in no order.
  TimerNode near_;  // A heap.
  TimerNode due_;   // A list: collected, in order.
};

}  // namespace timers

#endif  // TIMERS_TIMER_WHEEL_H_

// `TimerRecords`: the values of a timer queue, and the state of each timer.

#ifndef TIMERS_DETAIL_TIMER_RECORDS_H_
#define TIMERS_DETAIL_TIMER_RECORDS_H_

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "timers/detail/entry.h"
#include "timers/detail/vector_memory.h"
#include "timers/timer_queue.h"

namespace timers {

/// Returns whether the destructor of `value` does nothing. A type-erased value
/// may know this about its content, and then has a member function of this
/// name.
template <class Value>
bool is_trivially_destructible(const Value& value) {
  if constexpr (std::is_trivially_destructible_v<Value>) {
    return true;
  } else if constexpr (requires {
                         {
                           value.is_trivially_destructible()
                           } -> std::same_as<bool>;
                       }) {
    return value.is_trivially_destructible();
  } else {
    return false;
  }
}

/// The values of a timer queue, by index. Values are in chunks and never move.
/// User code therefore runs only where a value is constructed, fired or
/// destroyed, and each time the tables are consistent.
///
/// A record has a generation, which is part of the id and changes when a timer
/// begins and when a timer ends. A record whose generations are used up is not
/// used any more, so no id ever returns. A pending record also has the ticket
/// of its newest entry: entries with another ticket are stale.
template <class Value>
class TimerRecords {
  static_assert(std::is_nothrow_move_constructible_v<Value>);

 public:
  using Ticket = std::uint32_t;

  /// Makes an empty table, which draws tickets from `first_ticket` on. Only a
  /// test passes `first_generation`, an even number, to use generations up.
  explicit TimerRecords(Ticket first_ticket,
                        std::uint32_t first_generation = kFirstGeneration)
      : next_ticket_(first_ticket), first_generation_(first_generation) {}
  TimerRecords(const TimerRecords&) = delete;
  TimerRecords& operator=(const TimerRecords&) = delete;
  /// Does not destroy the values of pending records: the queue cancels the
  /// timers first.
  ~TimerRecords() = default;

  /// Returns the number of pending records.
  std::size_t size() const { return size_; }

  /// Returns whether there is room for one more record.
  bool has_room() const { return open_ != 0; }
  /// Reserves room for one more record. Throws std::bad_alloc when out of
  /// memory; then nothing has changed.
  void make_room() {
    if (open_ == 0) [[unlikely]]
      find_room();
  }

  /// A record that is not pending yet.
  struct Added {
    std::uint32_t index;
    Value* value;
  };

  /// Constructs a value from `args` in a free record. There must be room. If
  /// the constructor throws, the record stays free.
  template <class... Args>
  Added add(Args&&... args) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(open_));
    const std::uint32_t index = open_word_ * 64 + bit;
    auto* const value = reinterpret_cast<Value*>(&open_places_[bit]);
    open_ &= open_ - 1;
    if constexpr (std::is_nothrow_constructible_v<Value, Args...>) {
      std::construct_at(value, std::forward<Args>(args)...);
    } else {
      try {
        std::construct_at(value, std::forward<Args>(args)...);
      } catch (...) {
        mark_free(index);
        throw;
      }
    }
    return {index, value};
  }

  /// Makes a record pending, and returns its new ticket.
  Ticket start(const Added& added) {
    ++size_;
    State& state = states_[added.index];
    ++state.generation;
    const bool is_trivial = is_trivially_destructible(*added.value);
    return state.ticket = draw_ticket(is_trivial ? kTrivial : 0);
  }

  /// Draws and returns a new ticket for a pending record, whose entry is stale
  /// now.
  Ticket restart(std::uint32_t index) {
    State& state = states_[index];
    return state.ticket = draw_ticket(state.ticket & kTrivial);
  }

  /// Returns the value of a record that is pending or comes from add(). A value
  /// never moves.
  Value* value_at(std::uint32_t index) const {
    return reinterpret_cast<Value*>(
        &chunks_[index / kChunkSize][index % kChunkSize]);
  }

  /// Returns the id of the timer in the record `index`.
  TimerId id_of(std::uint32_t index) const {
    return TimerId{std::uint64_t{states_[index].generation} << 32 | index};
  }
  /// Returns the index of the record that `id` refers to, or referred to.
  static std::uint32_t index_of(TimerId id) {
    return static_cast<std::uint32_t>(id);
  }

  /// Returns whether `id` names a pending timer.
  bool contains(TimerId id) const {
    const std::uint32_t index = index_of(id);
    return index < states_.size() &&
           states_[index].generation == static_cast<std::uint64_t>(id) >> 32;
  }

  /// Returns whether the timer of `entry` has ended or has a newer entry.
  bool is_stale(const Entry& entry) const {
    return states_[entry.index].ticket != entry.ticket;
  }

  /// Destroys the value of a pending record, and then frees the record. The
  /// destructor may call any function of the queue.
  void remove(std::uint32_t index) noexcept {
    const bool is_trivial = (states_[index].ticket & kTrivial) != 0;
    end(index);
    if (!is_trivial) [[unlikely]]
      return discard(index);
    mark_free(index);
  }

  /// Destroys a value whose record is not pending, and frees the record.
  [[gnu::noinline]] void discard(std::uint32_t index) noexcept {
    std::destroy_at(value_at(index));
    mark_free(index);
  }

  /// Ends a pending record and calls f(Value&&) with its value. Destroys the
  /// value when f returns or throws, and then frees the record.
  template <class F>
  void fire(std::uint32_t index, F& f) {
    struct Remover {
      ~Remover() {
        std::destroy_at(records.value_at(index));
        records.mark_free(index);
      }
      TimerRecords& records;
      std::uint32_t index;
    };
    end(index);
    const Remover remover{*this, index};
    f(std::move(*value_at(index)));
  }

  /// Returns whether half of all tickets are drawn. The queue then renumbers.
  bool has_drawn_many_tickets() const { return next_ticket_ > kManyTickets; }

  /// Starts to draw tickets from the first one again. The queue then calls
  /// restart() for all pending records, in the order in which they fire.
  void reset_tickets() { next_ticket_ = kFirstTicket; }

  /// Counts a call of collect_due(). Returns true once in a thousand calls, if
  /// much more memory was held than used during all of these. The queue then
  /// calls trim().
  bool tick_surplus() {
    // A queue that empties for a short while keeps its memory, because fetching
    // memory from the kernel again would cost more than the timers.
    peak_ = std::max(peak_, size_);
    if (++calls_ < kPatience) [[likely]]
      return false;
    calls_ = 0;
    return std::exchange(peak_, 0) < trim_below_;
  }

  /// Frees the chunks that happen to be empty.
  void trim();

  /// Returns the id of a pending timer whose index is not below `index`, or
  /// TimerId() if there is none.
  TimerId find_pending(std::uint32_t index) const {
    for (; index < states_.size(); ++index) {
      if (states_[index].generation % 2 != 0) return id_of(index);
    }
    return TimerId();
  }

  /// The first ticket that is drawn.
  static constexpr Ticket kFirstTicket = 2;

 private:
  static constexpr std::uint32_t kChunkSize = 256;
  static constexpr std::uint32_t kChunkWords = kChunkSize / 64;
  static constexpr std::size_t kFewChunks = 16;
  static constexpr unsigned kPatience = 1000;
  static constexpr std::uint32_t kFirstGeneration = 2;

  // The lowest bit of a ticket is the result of is_trivially_destructible().
  // Cancelling such a timer does not touch its value, which saves a cache miss.
  static constexpr Ticket kNotPending = 0;
  static constexpr Ticket kTrivial = 1;
  static constexpr Ticket kTicketStep = 2;
  static constexpr Ticket kManyTickets = Ticket{1} << 31;

  struct State {
    std::uint32_t generation;  // Odd while the record is pending.
    Ticket ticket;
  };
  struct alignas(Value) Place {
    std::byte bytes[sizeof(Value)];
  };

  Ticket draw_ticket(Ticket flags) {
    return std::exchange(next_ticket_, next_ticket_ + kTicketStep) | flags;
  }

  // Ends a timer, which is pending no longer.
  void end(std::uint32_t index) {
    --size_;
    State& state = states_[index];
    ++state.generation;
    state.ticket = kNotPending;
  }

  void mark_free(std::uint32_t index) noexcept {
    if (states_[index].generation == 0) [[unlikely]]
      return retire(index);
    free_[index / 64] |= std::uint64_t{1} << index % 64;
    ++free_count_;
  }

  // Leaves a record unused, as all its generations are. It must not keep
  // generation 0, which is that of TimerId().
  void retire(std::uint32_t index) noexcept {
    states_[index].generation = kFirstGeneration;
  }

  bool next_word_has_many() const {
    const std::uint32_t next = open_word_ + 1;
    return next < free_.size() && std::popcount(free_[next]) >= 64 / 16;
  }
  [[gnu::noinline]] void find_room();
  void add_chunk();

  std::vector<State> states_;
  // A bit for each free record, except for the records in open_, which are used
  // next. Records are used in the order of their addresses, which the processor
  // predicts. A list of free records would have the order of past
  // cancellations, and each of its cache misses would wait for the one before.
  std::vector<std::uint64_t> free_;
  std::uint64_t open_ = 0;
  std::uint32_t open_word_ = 0;   // Where open_ was in free_.
  Place* open_places_ = nullptr;  // Of the 64 values of that word.
  Ticket next_ticket_;
  std::size_t size_ = 0;
  std::size_t free_count_ = 0;  // Of bits in free_.
  // The values, in chunks. A chunk that happens to be empty can be freed.
  std::vector<std::unique_ptr<Place[]>> chunks_;
  std::uint32_t first_generation_;  // Of a record that is new.
  std::size_t trim_below_ = 0;
  std::size_t peak_ = 0;  // Of size_, in the last
  unsigned calls_ = 0;    // calls of collect_due().
};

// Advances to the next word that has a free record. Going around once costs
// less than the timers that find room on the way, because one record in 16 is
// free.
template <class Value>
void TimerRecords<Value>::find_room() {
  if (!next_word_has_many() && free_count_ <= states_.size() / 16) {
    try {
      add_chunk();
    } catch (const std::bad_alloc&) {
      if (free_count_ == 0) throw;  // Otherwise the search only takes longer.
    }
  }
  while (open_ == 0) {
    if (++open_word_ >= free_.size()) open_word_ = 0;
    open_ = std::exchange(free_[open_word_], 0);
  }
  free_count_ -= static_cast<std::size_t>(std::popcount(open_));
  open_places_ =
      &chunks_[open_word_ / kChunkWords][open_word_ % kChunkWords * 64];
}

template <class Value>
void TimerRecords<Value>::add_chunk() {
  const auto gap = std::find(chunks_.begin(), chunks_.end(), nullptr);
  const auto chunk = static_cast<std::size_t>(gap - chunks_.begin());
  auto values = std::make_unique_for_overwrite<Place[]>(kChunkSize);
  if (gap == chunks_.end()) {
    grow(states_, (chunk + 1) * kChunkSize);
    grow(free_, (chunk + 1) * kChunkWords);
    grow(chunks_, chunk + 1);
    states_.resize((chunk + 1) * kChunkSize, {first_generation_, kNotPending});
    free_.resize((chunk + 1) * kChunkWords);
    chunks_.emplace_back();
  }
  chunks_[chunk] = std::move(values);
  std::fill_n(free_.begin() + static_cast<std::ptrdiff_t>(chunk * kChunkWords),
              kChunkWords, ~0ull);
  free_count_ += kChunkSize;
  open_word_ = static_cast<std::uint32_t>(chunk * kChunkWords) - 1;
  trim_below_ = chunks_.size() > kFewChunks ? states_.size() / 8 : 0;
}

// trim() is not called again before most of the present timers have ended, so
// that the cost per timer is next to nothing.
template <class Value>
void TimerRecords<Value>::trim() {
  trim_below_ = size_ / 4;
  free_count_ += static_cast<std::size_t>(std::popcount(open_));
  if (open_ != 0) free_[open_word_] |= std::exchange(open_, 0);
  for (std::size_t chunk = chunks_.size(); chunk-- > 0;) {
    const auto words =
        free_.begin() + static_cast<std::ptrdiff_t>(chunk * kChunkWords);
    if (std::count(words, words + kChunkWords, ~0ull) == kChunkWords) {
      chunks_[chunk].reset();
      free_count_ -= kChunkSize;
      std::fill_n(words, kChunkWords, 0);
    }
    if (chunk + 1 == chunks_.size() && !chunks_[chunk]) chunks_.pop_back();
  }
  for (std::size_t i = chunks_.size() * kChunkSize; i < states_.size(); ++i) {
    first_generation_ = std::max(first_generation_, states_[i].generation);
  }
  states_.resize(chunks_.size() * kChunkSize);
  free_.resize(chunks_.size() * kChunkWords);
  give_back_surplus(states_, 0);
  give_back_surplus(free_, 0);
}

/// Cancels one timer after the other, for the destructor of a queue. The
/// destructors of the values therefore run while the queue is consistent.
template <class Queue, class Value>
void cancel_all(Queue& queue, const TimerRecords<Value>& records) {
  if constexpr (std::is_trivially_destructible_v<Value>) return;
  std::uint32_t index = 0;
  while (!queue.empty()) {
    const TimerId id = records.find_pending(index);
    index = records.index_of(id);
    queue.cancel(id);
  }
}

}  // namespace timers

#endif  // TIMERS_DETAIL_TIMER_RECORDS_H_

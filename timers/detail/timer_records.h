// `TimerRecords`: the values of a timer queue, and which of them are pending.

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

/// Returns whether the destructor of `value` does nothing. A value that has
/// forgotten the type of its content may still know that: it then has a member
/// function of this name.
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

/// Values by index. They stand in chunks and never move, so user code runs only
/// where a value is constructed, fired or destroyed, and each time the tables
/// are in order.
///
/// A record has a generation, which is part of the id and changes when a timer
/// begins and when it ends. A record whose generations are used up is used no
/// more, so no id ever returns. A pending record also has the ticket of its
/// newest entry: entries with another ticket are stale.
template <class Value>
class TimerRecords {
  static_assert(std::is_nothrow_move_constructible_v<Value>);

 public:
  using Ticket = std::uint32_t;

  /// Tickets are drawn from `first_ticket` on.
  explicit TimerRecords(Ticket first_ticket) : next_ticket_(first_ticket) {}
  TimerRecords(const TimerRecords&) = delete;
  TimerRecords& operator=(const TimerRecords&) = delete;
  /// Values that are pending are not destroyed: the queue cancels them first.
  ~TimerRecords() = default;

  /// The number of pending records.
  std::size_t size() const { return size_; }

  /// Reserves room for one more record. Throws std::bad_alloc, and then nothing
  /// has changed.
  void make_room() {
    if (open_ == 0) [[unlikely]]
      find_room();
  }

  /// Constructs a value of `args` in a free record, for which there is room,
  /// and returns its index; the record is not pending yet. An exception of the
  /// constructor leaves the record free.
  template <class... Args>
  std::uint32_t add(Args&&... args) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(open_));
    const std::uint32_t index = open_word_ * 64 + bit;
    open_ &= open_ - 1;
    if constexpr (std::is_nothrow_constructible_v<Value, Args...>) {
      std::construct_at(value_at(index), std::forward<Args>(args)...);
    } else {
      try {
        std::construct_at(value_at(index), std::forward<Args>(args)...);
      } catch (...) {
        mark_free(index);
        throw;
      }
    }
    return index;
  }

  /// Makes a record pending that was add()ed, with a new ticket.
  Ticket start(std::uint32_t index) {
    ++size_;
    State& state = states_[index];
    ++state.generation;
    const bool is_trivial = is_trivially_destructible(*value_at(index));
    return state.ticket = draw_ticket(is_trivial ? kTrivial : 0);
  }

  /// Draws a new ticket for a pending record: its entry is stale now.
  Ticket restart(std::uint32_t index) {
    State& state = states_[index];
    return state.ticket = draw_ticket(state.ticket & kTrivial);
  }

  /// The value of a record that is pending, or that was add()ed. It never
  /// moves.
  Value* value_at(std::uint32_t index) const {
    return reinterpret_cast<Value*>(
        &chunks_[index / kChunkSize][index % kChunkSize]);
  }

  TimerId id_of(std::uint32_t index) const {
    return TimerId{std::uint64_t{states_[index].generation} << 32 | index};
  }
  static std::uint32_t index_of(TimerId id) {
    return static_cast<std::uint32_t>(id);
  }

  /// Returns whether `id` names a pending timer.
  bool contains(TimerId id) const {
    const std::uint32_t index = index_of(id);
    return index < states_.size() &&
           states_[index].generation == static_cast<std::uint64_t>(id) >> 32;
  }

  bool is_stale(const Entry& entry) const {
    return states_[entry.index].ticket != entry.ticket;
  }

  /// Destroys the value of a pending record, and frees the record after that.
  /// The destructor may call anything.
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

  /// Calls f(Value&&) with the value of a pending record, which is pending no
  /// longer; destroys the value when f returns or throws, and frees the record.
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

  /// Returns whether half of all tickets are drawn: time to renumber.
  bool has_drawn_many_tickets() const { return next_ticket_ > kManyTickets; }

  /// Draws tickets from the first again. The queue then restart()s all that are
  /// pending, in the order in which they fire.
  void reset_tickets() { next_ticket_ = kFirstTicket; }

  /// Counts a collect_due(), and returns true once in a thousand of them if
  /// much more memory was held than used during all of these; then the queue
  /// calls trim(). A queue that is full by day and empty at night keeps its
  /// memory for the day, when fetching it from the kernel would cost more than
  /// the timers.
  bool tick_surplus() {
    peak_ = std::max(peak_, size_);
    if (++calls_ < kPatience) [[likely]]
      return false;
    calls_ = 0;
    return std::exchange(peak_, 0) < trim_below_;
  }

  /// Gives back the chunks that happen to be empty.
  void trim();

  /// The id of a pending timer whose index is not below `index`; TimerId() if
  /// there is none.
  TimerId find_pending(std::uint32_t index) const {
    for (; index < states_.size(); ++index) {
      if (states_[index].generation % 2 != 0) return id_of(index);
    }
    return TimerId();
  }

  static constexpr Ticket kFirstTicket = 2;

 private:
  static constexpr std::uint32_t kChunkSize = 256;
  static constexpr std::uint32_t kChunkWords = kChunkSize / 64;
  static constexpr std::size_t kFewChunks = 16;
  static constexpr unsigned kPatience = 1000;

  // The lowest bit of a ticket tells is_trivially_destructible(), so that to
  // cancel such a timer its value is not touched: that would be a cache miss.
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

  // The timer is pending no longer.
  void end(std::uint32_t index) {
    --size_;
    State& state = states_[index];
    ++state.generation;
    state.ticket = kNotPending;
  }

  void mark_free(std::uint32_t index) noexcept {
    if (states_[index].generation == 0) [[unlikely]]
      return;  // All its generations are used up.
    free_[index / 64] |= std::uint64_t{1} << index % 64;
    ++free_count_;
  }

  bool next_word_has_many() const {
    const std::uint32_t next = open_word_ + 1;
    return next < free_.size() && std::popcount(free_[next]) >= 64 / 16;
  }
  [[gnu::noinline]] void find_room();
  void add_chunk();

  std::vector<State> states_;
  // A bit for each free record, but for those in open_, which are next. So
  // records are used in the order of their addresses, which the processor
  // foresees; a list of free records has the order of past cancellations, and
  // each of its cache misses has to wait for the one before.
  std::vector<std::uint64_t> free_;
  std::uint64_t open_ = 0;
  std::uint32_t open_word_ = 0;  // Where open_ was in free_.
  Ticket next_ticket_;
  std::size_t size_ = 0;
  std::size_t free_count_ = 0;  // Of bits in free_.
  // The values, in chunks: a chunk that happens to be empty can be given back.
  std::vector<std::unique_ptr<Place[]>> chunks_;
  std::uint32_t first_generation_ = 2;  // Of a record that is new.
  std::size_t trim_below_ = 0;
  std::size_t peak_ = 0;  // Of size_, in the last
  unsigned calls_ = 0;    // calls of collect_due().
};

// Goes on to the next word that has a free record. To go once around costs less
// than the timers that find their place on the way, as one record in 16 is
// free.
template <class Value>
void TimerRecords<Value>::find_room() {
  if (!next_word_has_many() && free_count_ <= states_.size() / 16) {
    try {
      add_chunk();
    } catch (const std::bad_alloc&) {
      if (free_count_ == 0) throw;  // Else it only takes longer.
    }
  }
  while (open_ == 0) {
    if (++open_word_ >= free_.size()) open_word_ = 0;
    open_ = std::exchange(free_[open_word_], 0);
  }
  free_count_ -= static_cast<std::size_t>(std::popcount(open_));
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

// It is not called again before most of the timers have gone that are there
// now, so that it costs each timer next to nothing.
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

/// For the destructor of a queue: cancels one timer after the other, so that
/// the destructors of their values meet a queue that is whole.
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

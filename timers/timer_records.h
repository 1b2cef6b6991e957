// The values of a queue, and which of them are still wanted.
//
// What a queue has to keep in order are a deadline and a number. So the values
// stand here, where they never move, and the queues sort Entries of 16 bytes,
// four to a cache line: with a million timers, what an operation costs is how
// many cache lines it touches. To cancel a timer touches one, unless its value
// has something to do when it dies.

#ifndef TIMERS_TIMER_RECORDS_H_
#define TIMERS_TIMER_RECORDS_H_

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "timers/timer_queue.h"

namespace timers {

// What a queue sorts: when, and the index of the record it is about.
struct Entry {
  std::int64_t deadline;
  std::uint32_t index;
};

// Does `a` fire before `b`? The tickets of `records` are looked at only where
// the deadlines are equal.
template <class Records>
bool is_before(const Entry& a, const Entry& b, const Records& records) {
  if (a.deadline == b.deadline) [[unlikely]]
    return records.is_older(a.index, b.index);
  return a.deadline < b.deadline;
}

// So that the next push_back() cannot throw.
template <class Vector>
void make_room(Vector& vector) {
  if (vector.size() == vector.capacity()) [[unlikely]]
    vector.reserve(2 * vector.size() + 16);
}

// Room for so many elements in all. Grows less than a vector would, as much of
// it may never be used.
template <class Vector>
void reserve(Vector& vector, std::size_t size) {
  if (vector.capacity() < size) vector.reserve(size + size / 4);
}

// Gives memory back if there is room for much more than `wanted`. Little is
// never worth the trouble.
template <class Vector>
void give_back_surplus(Vector& vector, std::size_t wanted) {
  static constexpr std::size_t kLittle = 256;
  wanted = std::max({wanted, vector.size(), kLittle});
  if (vector.capacity() / 8 <= wanted) return;
  Vector smaller;
  try {
    smaller.reserve(4 * wanted);
  } catch (const std::bad_alloc&) {
    return;  // It can wait.
  }
  smaller.assign(vector.begin(), vector.end());
  vector.swap(smaller);
}

// Does nothing happen when `value` dies? One that has forgotten the type of
// what it holds may still know that: it then has this function.
template <class Value>
bool dies_silently(const Value& value) {
  if constexpr (std::is_trivially_destructible_v<Value>) {
    return true;
  } else if constexpr (requires {
                         { value.dies_silently() } -> std::same_as<bool>;
                       }) {
    return value.dies_silently();
  } else {
    return false;
  }
}

// Values by index. A record is pending, or free, or cancelled: without a value,
// but not to be used again yet, as an entry that names it is still in a queue.
//
// Each timer draws a ticket, whose number is never drawn again. It tells an old
// id from that of the timer which has the record now, and it tells which of two
// timers was scheduled first.
template <class Value>
class TimerRecords {
  static_assert(std::is_nothrow_move_constructible_v<Value>);

 public:
  TimerRecords() = default;
  TimerRecords(const TimerRecords&) = delete;
  TimerRecords& operator=(const TimerRecords&) = delete;

  // How many are pending, and how many are cancelled.
  std::size_t size() const { return size_; }
  std::size_t cancelled() const { return cancelled_; }

  bool has_room() const { return open_ != 0; }

  // Makes room for at least one more. If there are to be more records for that,
  // calls reserve(n) first, where n is how many there will be: who has room for
  // n entries then needs no memory to put them in order. On a throw nothing has
  // changed.
  template <class Reserve>
  void make_room(Reserve reserve) {
    if (!has_room()) [[unlikely]]
      find_room(reserve);
  }
  void make_room() {
    make_room([](std::size_t) {});
  }

  // How many records there are, of whatever kind.
  std::size_t capacity() const { return made_chunks_ * kChunkSize; }

  // Makes a value of `args`. There must be room.
  template <class... Args>
  TimerId add(Args&&... args) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(open_));
    const std::uint32_t index = open_word_ * 64 + bit;
    open_ &= open_ - 1;
    Value* const place = value_at(index);
    if constexpr (std::is_nothrow_constructible_v<Value, Args...>) {
      std::construct_at(place, std::forward<Args>(args)...);
    } else {
      try {
        std::construct_at(place, std::forward<Args>(args)...);
      } catch (...) {
        mark_free(index);
        throw;
      }
    }
    const std::uint64_t ticket =
        next_ticket_ | (dies_silently(*place) ? kSilent : 0);
    next_ticket_ += kTicketStep;
    tickets_[index] = ticket;
    ++size_;
    return TimerId(ticket, index);
  }

  // Is this the id of a pending timer? Then index_of() tells its record.
  bool contains(TimerId id) const {
    return id.index_ < tickets_.size() && tickets_[id.index_] == id.ticket_;
  }
  static std::uint32_t index_of(TimerId id) { return id.index_; }

  bool is_pending(std::uint32_t index) const {
    return (tickets_[index] & kGone) == 0;
  }

  // Was what has or had `a` scheduled before what has or had `b`?
  bool is_older(std::uint32_t a, std::uint32_t b) const {
    return tickets_[a] < tickets_[b];
  }

  // Takes the value out of a pending record and frees the record. The caller
  // lets the value die, whose destructor may call anything, when it has
  // finished what it was doing.
  [[nodiscard]] Value take(std::uint32_t index) noexcept {
    tickets_[index] |= kGone;
    mark_free(index);
    return move_out(index);
  }

  // The same, but the record is held until it is release()d. A value that dies
  // silently is left where it is, as to go there is a cache miss.
  [[nodiscard]] std::optional<Value> cancel(TimerId id) noexcept {
    tickets_[id.index_] = id.ticket_ | kGone;
    ++cancelled_;
    if ((id.ticket_ & kSilent) != 0) {
      --size_;
      return std::nullopt;
    }
    return move_out(id.index_);
  }

  // Frees a cancelled record.
  void release(std::uint32_t index) noexcept {
    --cancelled_;
    mark_free(index);
  }

  // Is it time for the queue to drop what is cancelled? Then each of those paid
  // for looking at one and a third entries.
  bool has_many_cancelled() const {
    return cancelled_ > kFewCancelled + 3 * size_;
  }

  // For erase_if(): is this entry's timer cancelled? If so, frees its record.
  auto dropper() {
    return [this](const Entry& entry) {
      if (is_pending(entry.index)) return false;
      release(entry.index);
      return true;
    };
  }

  // For each collect_due() to ask: has much more memory been held than was
  // used, and not just now? Then the queue drops what is cancelled, and calls
  // trim(). A queue that is full by day and empty at night should keep its
  // memory for the day, when fetching it from the kernel anew costs more than
  // the timers.
  bool has_long_had_surplus() {
    peak_ = std::max(peak_, size_);
    if (++calls_ < kPatience) [[likely]]
      return false;
    calls_ = 0;
    return std::exchange(peak_, 0) < trim_below_;
  }

  // Gives back the chunks that happen to be empty.
  void trim();

  // The id of a pending timer whose index is not below `index`; else that of no
  // timer.
  TimerId find_pending(std::uint32_t index) const {
    while (index < tickets_.size() && !is_pending(index)) ++index;
    if (index == tickets_.size()) return TimerId();
    return TimerId(tickets_[index], index);
  }

 private:
  static constexpr std::uint32_t kChunkSize = 256;
  static constexpr std::uint32_t kChunkWords = kChunkSize / 64;
  static constexpr std::size_t kFewCancelled = 100;  // As in asyncio.
  static constexpr std::size_t kFewChunks = 16;
  static constexpr unsigned kPatience = 1000;

  // Tickets leave two bits free for flags.
  static constexpr std::uint64_t kTicketStep = 4;
  static constexpr std::uint64_t kGone = 1;    // Fired or cancelled.
  static constexpr std::uint64_t kSilent = 2;  // See dies_silently().

  struct alignas(Value) Place {
    std::byte bytes[sizeof(Value)];
  };

  Value* value_at(std::uint32_t index) const {
    return reinterpret_cast<Value*>(
        &chunks_[index / kChunkSize][index % kChunkSize]);
  }

  Value move_out(std::uint32_t index) noexcept {
    --size_;
    Value* const place = value_at(index);
    Value value = std::move(*place);
    std::destroy_at(place);
    return value;
  }

  void mark_free(std::uint32_t index) noexcept {
    free_[index / 64] |= std::uint64_t{1} << index % 64;
  }

  template <class Reserve>
  [[gnu::noinline]] void find_room(Reserve& reserve);
  void grow();

  std::vector<std::uint64_t> tickets_;
  // A bit for each free record, but for those in open_, which are next. So
  // records are used in the order of their addresses, which the processor
  // foresees; a list of free records has the order of past cancellations, and
  // each of its cache misses has to wait for the one before.
  std::vector<std::uint64_t> free_;
  std::uint64_t open_ = 0;
  std::uint32_t open_word_ = 0;  // Where open_ was in free_.
  std::uint64_t next_ticket_ = kTicketStep;
  std::size_t size_ = 0;
  std::size_t cancelled_ = 0;
  // The values, in chunks: they do not move when the table grows, and those
  // chunks can be given back that happen to be empty.
  std::vector<std::unique_ptr<Place[]>> chunks_;
  std::size_t made_chunks_ = 0;
  std::size_t trim_below_ = 0;
  std::size_t peak_ = 0;  // Of size_, in the last
  unsigned calls_ = 0;    // calls of collect_due().
};

// Goes on to the next word that has a free record. To go once around costs less
// than the timers that find their place on the way, as one record in 16 is
// free.
template <class Value>
template <class Reserve>
void TimerRecords<Value>::find_room(Reserve& reserve) {
  const std::size_t all = capacity();
  if (all - size_ - cancelled_ <= all / 16) {
    try {
      reserve(all + kChunkSize);
      grow();
    } catch (const std::bad_alloc&) {
      if (size_ + cancelled_ == all) throw;  // Else it only takes longer.
    }
  }
  while (open_ == 0) {
    if (++open_word_ >= free_.size()) open_word_ = 0;
    open_ = std::exchange(free_[open_word_], 0);
  }
}

template <class Value>
void TimerRecords<Value>::grow() {
  const auto gap = std::find(chunks_.begin(), chunks_.end(), nullptr);
  const auto chunk = static_cast<std::size_t>(gap - chunks_.begin());
  auto values = std::make_unique_for_overwrite<Place[]>(kChunkSize);
  if (gap == chunks_.end()) {
    tickets_.resize((chunk + 1) * kChunkSize, kGone);
    free_.resize((chunk + 1) * kChunkWords);
    chunks_.emplace_back();
  }
  chunks_[chunk] = std::move(values);
  ++made_chunks_;
  std::fill_n(free_.begin() + chunk * kChunkWords, kChunkWords, ~0ull);
  open_word_ = static_cast<std::uint32_t>(chunk * kChunkWords) - 1;
  trim_below_ = chunks_.size() > kFewChunks ? tickets_.size() / 8 : 0;
}

// It is not called again before most of what is there now has gone, so that it
// costs each timer next to nothing.
template <class Value>
void TimerRecords<Value>::trim() {
  trim_below_ = size_ / 4;
  if (open_ != 0) free_[open_word_] |= std::exchange(open_, 0);
  for (std::size_t chunk = chunks_.size(); chunk-- > 0;) {
    const auto words =
        free_.begin() + static_cast<std::ptrdiff_t>(chunk * kChunkWords);
    if (std::count(words, words + kChunkWords, ~0ull) == kChunkWords) {
      chunks_[chunk].reset();
      --made_chunks_;
      std::fill_n(words, kChunkWords, 0);
    }
    if (chunk + 1 == chunks_.size() && !chunks_[chunk]) chunks_.pop_back();
  }
  tickets_.resize(chunks_.size() * kChunkSize);
  free_.resize(chunks_.size() * kChunkWords);
  give_back_surplus(tickets_, 0);
  give_back_surplus(free_, 0);
}

// For a queue's destructor: cancels one timer after the other, so that the
// destructors of their values meet a queue that is whole.
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

#endif  // TIMERS_TIMER_RECORDS_H_

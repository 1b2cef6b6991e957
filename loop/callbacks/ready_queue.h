// `ReadyQueue`: the callbacks that run next.
//
// A batch ends where the queue ended when the batch began; asyncio notes the
// length of its deque for this ("ntodo").
//
// The queue is a list of chunks. A callback stays at its address until it has
// run: the running callback does not move, and no move constructor of a closure
// runs in the middle of a change. A slot is taken before its callback is made,
// because making the callback may push others. Until then the slot is empty,
// like the slot of a callback that has run or was cancelled.
//
// Chunks that have run are reused, the last one first.

#ifndef LOOP_CALLBACKS_READY_QUEUE_H_
#define LOOP_CALLBACKS_READY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"

namespace loop {

/// A queue of callbacks in FIFO order, which run in batches. Callbacks that are
/// pushed while a batch runs wait for the next batch, so that a callback which
/// schedules itself again cannot keep the loop forever. Once warm, the queue
/// allocates nothing. For the loop's thread only.
class ReadyQueue {
 public:
  /// The name of a callback, which no other callback of this queue ever has.
  /// Positions grow, by one from a callback to the next unless the queue was
  /// empty in between.
  using Position = std::uint64_t;

  /// Makes room for `count` more callbacks, so that the queue needs no memory
  /// to push them. Throws std::bad_alloc.
  void make_room(std::size_t count) {
    while (room() < count) add_spare();
  }

  /// Returns whether the next push() takes another chunk.
  bool is_full() const { return end_ == limit_; }

  /// Adds a callback and returns its position. Throws the exceptions of making
  /// the callback, and std::bad_alloc; then nothing has changed.
  template <class F>
  Position push(F&& callback, const SourceLocation& where) {
    // A closure whose construction cannot fail is constructed in its slot, as
    // moving the closure there would take longer than running it.
    if constexpr (Callback::kMadeInPlace<F>) {
      if (is_full()) [[unlikely]]
        add_chunk();
      const Position position = end();
      Scheduled* const place = end_++;
      place->emplace(std::forward<F>(callback), where);
      return position;
    } else {
      return push(Callback(std::forward<F>(callback)), where);
    }
  }

  /// Returns the position of the next callback.
  Position end() const {
    return limit_position_ - static_cast<Position>(limit_ - end_);
  }

  /// Returns whether no callback waits for the next batch.
  bool empty() const { return next_ == end_; }

  /// Destroys a callback that has not begun. Does nothing for other callbacks,
  /// whose slots are empty or gone.
  void cancel(Position position) {
    Scheduled* const scheduled = find(position);
    if (scheduled == nullptr) return;
    // The slot is empty before the destructor runs, which may do anything, even
    // call cancel().
    [[maybe_unused]] const Callback dying = std::move(scheduled->callback);
  }

  /// Calls run(scheduled) for each callback that is waiting now and is not
  /// cancelled before its turn. run() must not throw, and must leave the
  /// callback empty.
  template <class Run>
  void run_batch(Run run) {
    Scheduled* const end = end_;
    Scheduled* const last_limit = limit_;
    while (next_limit_ != last_limit) [[unlikely]] {
        run_until(next_limit_, run);
        drop_first_chunk();
      }
    run_until(end, run);
    if (next_ == end_ && limit_ != nullptr) rewind();
  }

  /// Calls f(scheduled) for each callback that is waiting. f() must leave the
  /// callback empty, must not push callbacks, and must not throw. Unlike
  /// run_batch(), may be called while a batch runs.
  template <class F>
  void for_each(F f) {
    for (Position p = first_position_; p != end(); ++p) {
      Scheduled& scheduled = *find(p);
      if (scheduled.callback) f(scheduled);
    }
  }

 private:
  // Small enough that two chunks fit into the first-level cache, large enough
  // that the step from one chunk to the next is rare.
  static constexpr std::size_t kChunk = 128;
  using Chunk = std::unique_ptr<Scheduled[]>;

  template <class Run>
  void run_until(Scheduled* end, Run& run) {
    for (Scheduled* next = next_; next != end; ++next) {
      if (next->callback) run(*next);
    }
    next_ = end;
  }

  std::size_t room() const {
    return static_cast<std::size_t>(limit_ - end_) + kChunk * spare_.size();
  }

  [[gnu::noinline]] void add_spare() {
    // Reserves now, so that no list of chunks needs memory later.
    reserve(spare_, made_ + 1);
    reserve(chunks_, 2 * (made_ + 1));
    spare_.push_back(std::make_unique_for_overwrite<Scheduled[]>(kChunk));
    ++made_;
  }
  static void reserve(std::vector<Chunk>& chunks, std::size_t count) {
    if (chunks.capacity() < count) chunks.reserve(2 * count);
  }

  [[gnu::noinline]] void add_chunk() {
    if (spare_.empty()) add_spare();
    if (2 * first_chunk_ >= chunks_.size()) {
      chunks_.erase(
          chunks_.begin(),
          chunks_.begin() + static_cast<std::ptrdiff_t>(first_chunk_));
      first_chunk_ = 0;
    }
    chunks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    end_ = chunks_.back().get();
    limit_ = end_ + kChunk;
    limit_position_ += kChunk;
    if (next_ == nullptr) begin_at(end_);
  }

  [[gnu::noinline]] void drop_first_chunk() {
    spare_.push_back(std::move(chunks_[first_chunk_]));
    ++first_chunk_;
    first_position_ += kChunk;
    begin_at(chunks_[first_chunk_].get());
  }

  // Restarts the chunk of an empty queue, so that bursts of equal size always
  // need the same number of chunks. The skipped slots count as positions.
  void rewind() {
    next_ = end_ = limit_ - kChunk;
    first_position_ += kChunk;
    limit_position_ += kChunk;
  }

  void begin_at(Scheduled* place) {
    next_ = place;
    next_limit_ = place + kChunk;
  }

  Scheduled* find(Position position) {
    if (position >= end() || position < first_position_) return nullptr;
    const auto chunk = (position - first_position_) / kChunk;
    return &chunks_[first_chunk_ + chunk][position % kChunk];
  }

  Scheduled* end_ = nullptr;  // In the last chunk; limit_ if that is full.
  Scheduled* limit_ = nullptr;
  Position limit_position_ = 0;
  Scheduled* next_ = nullptr;  // In the first chunk.
  Scheduled* next_limit_ = nullptr;

  std::vector<Chunk> chunks_;  // Elements before first_chunk_ are empty.
  std::size_t first_chunk_ = 0;
  Position first_position_ = 0;  // The position of the first chunk.
  std::vector<Chunk> spare_;
  std::size_t made_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_READY_QUEUE_H_

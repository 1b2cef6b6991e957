// What is to run next.

#ifndef LOOP_CALLBACKS_READY_QUEUE_H_
#define LOOP_CALLBACKS_READY_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "loop/callbacks/callback.h"

namespace loop {

// Callbacks in the order in which they came. They run in batches: what comes
// while one runs waits for the next, so that a callback which schedules itself
// anew cannot keep the loop for ever. asyncio notes the length of its deque
// before it begins ("ntodo"); here are two arrays which change places, so that
// the one that runs does not move, and neither ever has to wrap around.
//
// Both arrays keep their memory: once warm, nothing is allocated.
class ReadyQueue {
 public:
  // How many were pushed before: what names a callback of this queue, for ever.
  using Position = std::uint64_t;

  // Room for `count` more, so that pushing them does not throw.
  void make_room(std::size_t count) {
    if (waiting_->room() < count) waiting_->grow(count);
  }

  // Does pushing one more need memory?
  bool is_full() const { return waiting_->room() == 0; }

  // Made in its place, as to move it there would take longer than to run it.
  template <class F>
  Position push(F&& callback, const SourceLocation& where) {
    Batch& batch = *waiting_;
    if (batch.end == batch.limit) [[unlikely]]
      batch.grow(1);
    Scheduled* const place = batch.end;
    place->emplace(std::forward<F>(callback), where);
    batch.end = place + 1;
    return end() - 1;
  }

  // The position that the next one gets.
  Position end() const { return first_waiting_ + waiting_->size(); }

  // The position of the oldest that may not have run yet.
  Position begin() const { return first_waiting_ - running_->size(); }

  // Is nothing waiting for the next batch?
  bool empty() const { return waiting_->end == waiting_->places.get(); }

  // Destroys a callback that has not begun. Does nothing for others: those that
  // have are empty, or gone.
  void cancel(Position position) {
    Scheduled* const scheduled = find(position);
    if (scheduled == nullptr) return;
    // Empty before it dies, as its destructor may do anything, even this.
    [[maybe_unused]] const Callback dying = std::move(scheduled->callback);
  }

  // Calls run(scheduled), which must not throw, for each that is waiting now
  // and is not cancelled before its turn. It must leave the callback empty.
  template <class Run>
  void run_batch(Run run) {
    std::swap(waiting_, running_);
    first_waiting_ += running_->size();
    Scheduled* const end = running_->end;
    for (Scheduled* next = running_->places.get(); next != end; ++next) {
      if (next->callback) run(*next);
    }
    running_->end = running_->places.get();
  }

 private:
  // Not a vector, which would destroy each callback once more when it is
  // cleared. From `end` on they are empty.
  struct Batch {
    std::size_t size() const {
      return static_cast<std::size_t>(end - places.get());
    }
    std::size_t room() const { return static_cast<std::size_t>(limit - end); }
    void grow(std::size_t count) {
      const std::size_t wanted = std::max(size() + count, 2 * size());
      auto larger = std::make_unique<Scheduled[]>(wanted);
      end = std::move(places.get(), end, larger.get());
      limit = larger.get() + wanted;
      places = std::move(larger);
    }
    std::unique_ptr<Scheduled[]> places;
    Scheduled* end = nullptr;
    Scheduled* limit = nullptr;
  };

  Scheduled* find(Position position) {
    if (position >= end() || position < begin()) return nullptr;
    return position >= first_waiting_
               ? &waiting_->places[position - first_waiting_]
               : &running_->places[position - begin()];
  }

  Batch first_;
  Batch second_;
  Batch* waiting_ = &first_;
  Batch* running_ = &second_;
  Position first_waiting_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_READY_QUEUE_H_

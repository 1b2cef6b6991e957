// What is to run next.

#ifndef LOOP_CALLBACKS_READY_QUEUE_H_
#define LOOP_CALLBACKS_READY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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

  Position push(Scheduled&& scheduled) {
    waiting_.push_back(std::move(scheduled));
    return end() - 1;
  }

  // The position that the next one gets.
  Position end() const { return first_waiting_ + waiting_.size(); }

  // The position of the oldest that may not have run yet.
  Position begin() const { return first_waiting_ - running_.size(); }

  // Is nothing waiting for the next batch?
  bool empty() const { return waiting_.empty(); }

  // Destroys a callback that has not begun; does nothing for others.
  void cancel(Position position) {
    Scheduled* const scheduled = find(position);
    if (scheduled == nullptr) return;
    // Empty before it dies, as its destructor may do anything, even this.
    [[maybe_unused]] const Callback dying = std::move(scheduled->callback);
  }

  // What waits is the next batch. The one before must have come to its end.
  void begin_batch() {
    running_.swap(waiting_);
    first_waiting_ += running_.size();
  }

  // The next of the batch, to be consumed; nullptr at its end.
  Scheduled* next() {
    while (next_ < running_.size()) {
      Scheduled& scheduled = running_[next_++];
      if (scheduled.callback) return &scheduled;
    }
    running_.clear();
    next_ = 0;
    return nullptr;
  }

 private:
  Scheduled* find(Position position) {
    if (position >= end() || position < begin()) return nullptr;
    return position >= first_waiting_ ? &waiting_[position - first_waiting_]
                                      : &running_[position - begin()];
  }

  std::vector<Scheduled> waiting_;
  std::vector<Scheduled> running_;
  std::size_t next_ = 0;  // Of running_.
  Position first_waiting_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_READY_QUEUE_H_

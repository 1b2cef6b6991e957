// `QueueItem`: an item of a queue, as the queue keeps it.

#ifndef LOOP_QUEUES_QUEUE_ITEM_H_
#define LOOP_QUEUES_QUEUE_ITEM_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "loop/futures/recycled_memory.h"

namespace loop {

// An item that moves without running code of T.
//
// The constructors and the destructor of T may call the queue. So they must not
// run while the queue moves its items, but only before an item is added and
// after it was removed.
template <class T>
class QueueItem {
 public:
  explicit QueueItem(T&& value) : box_(new Box(std::move(value))) {}
  T& operator*() const { return box_->value; }

 private:
  struct Box : Recycled {
    explicit Box(T&& v) : value(std::move(v)) {}
    T value;
  };
  std::unique_ptr<Box> box_;
};

// A T without such code needs no box.
template <class T>
requires(std::is_trivially_copyable_v<T>) class QueueItem<T> {
 public:
  explicit QueueItem(T&& value) : value_(std::move(value)) {}
  T& operator*() { return value_; }
  const T& operator*() const { return value_; }

 private:
  T value_;
};

}  // namespace loop

#endif  // LOOP_QUEUES_QUEUE_ITEM_H_

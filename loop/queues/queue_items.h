// `LifoItems`, `PriorityItems`: the order of the items in a queue.

#ifndef LOOP_QUEUES_QUEUE_ITEMS_H_
#define LOOP_QUEUES_QUEUE_ITEMS_H_

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "loop/queues/queue_item.h"
#include "selectors/errors.h"

namespace loop {

// A stack of items.
template <class T>
class LifoItems {
 public:
  LifoItems() = default;
  LifoItems(const LifoItems&) = delete;
  LifoItems& operator=(const LifoItems&) = delete;
  // One by one, as the destructor of an item may call the queue.
  ~LifoItems() {
    while (size() > 0) [[maybe_unused]] const QueueItem<T> dropped = pop();
  }

  std::size_t size() const { return items_.size(); }
  // Makes sure that the next push() needs no memory.
  void make_room() {
    if (size() == items_.capacity()) items_.reserve(2 * size() + 1);
  }
  void push(QueueItem<T>&& item) { items_.push_back(std::move(item)); }
  // Precondition: size() > 0.
  QueueItem<T> pop() {
    QueueItem<T> last = std::move(items_.back());
    items_.pop_back();
    return last;
  }

 protected:
  std::vector<QueueItem<T>> items_;
};

// A binary heap of items: the least item by Compare comes first; equal items
// come in any order.
//
// Each operation first compares, and then moves: a comparison that throws
// changes nothing. Throws RuntimeError if a comparison calls an operation, as
// Python's heapq does.
template <class T, class Compare>
class PriorityItems : private LifoItems<T> {
 public:
  using LifoItems<T>::size;
  using LifoItems<T>::make_room;

  void push(QueueItem<T>&& item) {
    const std::size_t place = place_of(item);
    LifoItems<T>::push(std::move(item));
    for (std::size_t i = size() - 1; i != place; i = parent(i)) {
      std::swap(items_[i], items_[parent(i)]);
    }
  }

  // Precondition: size() > 0.
  QueueItem<T> pop() {
    Path path;
    const std::size_t last = size() - 1;
    std::size_t hole = 0;
    for (const std::size_t child : path_of_last(path)) {
      std::swap(items_[hole], items_[child]);
      hole = child;
    }
    if (hole != last) std::swap(items_[hole], items_[last]);
    return LifoItems<T>::pop();
  }

 private:
  // A heap has at most as many levels as a size has bits.
  using Path =
      std::array<std::size_t, std::numeric_limits<std::size_t>::digits>;

  using LifoItems<T>::items_;

  class Comparing {
   public:
    explicit Comparing(bool& flag) : flag_(flag) {
      if (flag_) {
        throw selectors::RuntimeError("the queue is comparing its items");
      }
      flag_ = true;
    }
    Comparing(const Comparing&) = delete;
    Comparing& operator=(const Comparing&) = delete;
    ~Comparing() { flag_ = false; }

   private:
    bool& flag_;
  };

  static std::size_t parent(std::size_t i) { return (i - 1) / 2; }
  static bool less(const QueueItem<T>& a, const QueueItem<T>& b) {
    return Compare()(std::as_const(*a), std::as_const(*b));
  }

  // Returns the place of a new item.
  std::size_t place_of(const QueueItem<T>& item) {
    const Comparing comparing(is_comparing_);
    std::size_t place = size();
    while (place > 0 && less(item, items_[parent(place)])) {
      place = parent(place);
    }
    return place;
  }

  // Returns the places from below the top to the place that the last item gets
  // when the top is removed.
  std::span<const std::size_t> path_of_last(Path& path) {
    const Comparing comparing(is_comparing_);
    const std::size_t last = size() - 1;
    std::size_t length = 0;
    for (std::size_t child = 1; child < last; child = 2 * child + 1) {
      if (child + 1 < last && less(items_[child + 1], items_[child])) ++child;
      if (!less(items_[child], items_[last])) break;
      path[length++] = child;
    }
    return {path.data(), length};
  }

  bool is_comparing_ = false;
};

}  // namespace loop

#endif  // LOOP_QUEUES_QUEUE_ITEMS_H_

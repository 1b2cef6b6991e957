// `LifoItems`, `PriorityItems`: the order of the items in a queue.

#ifndef LOOP_QUEUES_QUEUE_ITEMS_H_
#define LOOP_QUEUES_QUEUE_ITEMS_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace loop {

// Makes sure that the next push_back() needs no memory.
template <class T>
void make_room(std::vector<T>& items) {
  if (items.size() == items.capacity()) items.reserve(2 * items.size() + 1);
}

// A last-in, first-out sequence of items.
template <class T>
class LifoItems {
 public:
  std::size_t size() const { return items_.size(); }
  void make_room() { loop::make_room(items_); }
  void push(T&& item) { items_.push_back(std::move(item)); }
  // Precondition: size() > 0.
  T pop() {
    T last = std::move(items_.back());
    items_.pop_back();
    return last;
  }

 private:
  std::vector<T> items_;
};

// A sequence from which the least item by Compare comes first; equal items come
// in any order.
template <class T, class Compare>
class PriorityItems {
 public:
  std::size_t size() const { return items_.size(); }
  void make_room() { loop::make_room(items_); }
  void push(T&& item) {
    items_.push_back(std::move(item));
    std::push_heap(items_.begin(), items_.end(), After());
  }
  // Precondition: size() > 0.
  T pop() {
    std::pop_heap(items_.begin(), items_.end(), After());
    T first = std::move(items_.back());
    items_.pop_back();
    return first;
  }

 private:
  // The standard heap functions put the greatest first.
  struct After {
    bool operator()(const T& a, const T& b) const { return Compare()(b, a); }
  };

  std::vector<T> items_;
};

}  // namespace loop

#endif  // LOOP_QUEUES_QUEUE_ITEMS_H_

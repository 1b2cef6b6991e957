// In which order what was put into a queue is got.

#ifndef LOOP_COROUTINES_QUEUE_ITEMS_H_
#define LOOP_COROUTINES_QUEUE_ITEMS_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace loop {

// The last comes first.
template <class T>
class LifoItems {
 public:
  std::size_t size() const { return items_.size(); }
  void push(T&& item) { items_.push_back(std::move(item)); }
  // There must be one.
  T pop() {
    T last = std::move(items_.back());
    items_.pop_back();
    return last;
  }

 private:
  std::vector<T> items_;
};

// Of which Compare()(a, b) holds for all others b comes first; of equal ones
// any.
template <class T, class Compare>
class PriorityItems {
 public:
  std::size_t size() const { return items_.size(); }
  void push(T&& item) {
    items_.push_back(std::move(item));
    std::push_heap(items_.begin(), items_.end(), After());
  }
  // There must be one.
  T pop() {
    std::pop_heap(items_.begin(), items_.end(), After());
    T first = std::move(items_.back());
    items_.pop_back();
    return first;
  }

 private:
  // The greatest is the first of a heap.
  struct After {
    bool operator()(const T& a, const T& b) const { return Compare()(b, a); }
  };

  std::vector<T> items_;
};

}  // namespace loop

#endif  // LOOP_COROUTINES_QUEUE_ITEMS_H_

// `RingBuffer`: a first-in, first-out sequence that keeps its memory.

#ifndef LOOP_QUEUES_RING_BUFFER_H_
#define LOOP_QUEUES_RING_BUFFER_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace loop {

// A ring buffer in an array whose size is a power of two: an index past its end
// continues at its beginning. (A std::deque allocates and frees a block every
// few items.) Moving a T must not run code of the user, who may call the queue.
template <class T>
class RingBuffer {
 public:
  RingBuffer() = default;
  RingBuffer(const RingBuffer&) = delete;
  RingBuffer& operator=(const RingBuffer&) = delete;
  ~RingBuffer() {
    // One by one, as the destructor of an item may call the queue.
    while (size() > 0) [[maybe_unused]] const T dropped = pop();
    std::allocator<T>().deallocate(places_, capacity_);
  }

  std::size_t size() const { return end_ - begin_; }

  // Makes sure that the next push() needs no memory.
  void make_room() {
    if (size() == capacity_) [[unlikely]]
      grow();
  }

  // Precondition: make_room() was called.
  void push(T&& item) {
    std::construct_at(&at(end_), std::move(item));
    ++end_;
  }

  // Precondition: size() > 0.
  T pop() {
    T first = std::move(at(begin_));
    drop_front();
    return first;
  }

 private:
  explicit RingBuffer(std::size_t capacity)
      : places_(std::allocator<T>().allocate(capacity)), capacity_(capacity) {}

  T& at(std::size_t index) { return places_[index & (capacity_ - 1)]; }

  void drop_front() { std::destroy_at(&at(begin_++)); }

  void grow() {
    RingBuffer larger(capacity_ == 0 ? 8 : 2 * capacity_);
    for (std::size_t i = begin_; i != end_; ++i) {
      larger.push(std::move(at(i)));
    }
    std::swap(places_, larger.places_);
    std::swap(capacity_, larger.capacity_);
    std::swap(begin_, larger.begin_);
    std::swap(end_, larger.end_);
  }

  T* places_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // begin_ and end_ only grow, except in grow().
  std::size_t end_ = 0;
};

}  // namespace loop

#endif  // LOOP_QUEUES_RING_BUFFER_H_

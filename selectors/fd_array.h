// `FdArray`: an array indexed by descriptor.
//
// The kernel assigns the lowest free descriptor number, so the numbers are
// small and dense, and an array indexed by them needs no hashing.

#ifndef SELECTORS_FD_ARRAY_H_
#define SELECTORS_FD_ARRAY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace selectors {

// Throws OSError (EBADF) for a number so high that it must be a mistake.
void check_may_be_open(int fd);

template <class T>
class FdArray {
 public:
  // Returns whether `fd` has an element; a negative number has none.
  bool has(int fd) const { return index_of(fd) < size_; }

  // Returns the element of `fd`, which must have one.
  T& operator[](int fd) { return elements_[index_of(fd)]; }
  const T& operator[](int fd) const { return elements_[index_of(fd)]; }

  // Gives elements to `fd`, which is not negative, and to all lower numbers.
  // May move the elements. Throws std::bad_alloc, and OSError (EBADF) for a
  // number so high that it must be a mistake; then nothing has changed.
  void make_room_for(int fd) {
    if (has(fd)) [[likely]]
      return;
    check_may_be_open(fd);
    // Grows by a quarter, not twofold: most of the memory is this array's.
    const std::size_t size = std::size_t{index_of(fd)} + 1;
    if (size > elements_.capacity()) elements_.reserve(size + size / 4 + 16);
    elements_.resize(size);
    size_ = static_cast<std::uint32_t>(size);
  }

  // Returns the number that is one higher than the last with an element.
  int end() const { return static_cast<int>(size_); }

  // Returns all elements.
  std::span<const T> all() const { return elements_; }

 private:
  static std::uint32_t index_of(int fd) {  // A negative number is a huge index.
    return static_cast<std::uint32_t>(fd);
  }

  std::vector<T> elements_;
  std::uint32_t size_ = 0;  // Of elements_, which would have to compute it.
};

}  // namespace selectors

#endif  // SELECTORS_FD_ARRAY_H_

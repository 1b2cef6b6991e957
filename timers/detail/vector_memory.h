// `grow()`, `give_back_surplus()`: the growth and shrinking of the arrays of a
// timer queue.

#ifndef TIMERS_DETAIL_VECTOR_MEMORY_H_
#define TIMERS_DETAIL_VECTOR_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <new>

namespace timers {

/// Reserves room for at least `size` elements in all. Throws std::bad_alloc
/// when out of memory.
template <class Vector>
void grow(Vector& vector, std::size_t size) {
  // The room at least doubles, so that each element is copied once on average.
  // Small arrays grow fourfold, so that their elements are copied less often.
  static constexpr std::size_t kSmall = 8192;
  const std::size_t factor = vector.capacity() < kSmall ? 4 : 2;
  if (vector.capacity() < size) {
    vector.reserve(std::max(size, factor * vector.capacity()));
  }
}

/// Frees memory if there is room for more than eight times `wanted` elements.
/// Does nothing for small arrays, or when out of memory for the smaller array.
template <class Vector>
void give_back_surplus(Vector& vector, std::size_t wanted) {
  static constexpr std::size_t kSmall = 256;
  wanted = std::max({wanted, vector.size(), kSmall});
  if (vector.capacity() / 8 <= wanted) return;
  Vector smaller;
  try {
    smaller.reserve(4 * wanted);
  } catch (const std::bad_alloc&) {
    return;  // The surplus can be freed later.
  }
  smaller.assign(vector.begin(), vector.end());
  vector.swap(smaller);
}

}  // namespace timers

#endif  // TIMERS_DETAIL_VECTOR_MEMORY_H_

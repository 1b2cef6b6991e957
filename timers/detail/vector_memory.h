// How the arrays of a timer queue grow and shrink.

#ifndef TIMERS_DETAIL_VECTOR_MEMORY_H_
#define TIMERS_DETAIL_VECTOR_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <new>

namespace timers {

/// Reserves room for at least `size` elements in all. Doubles the room at
/// least, so that each element is copied once on average; small arrays grow
/// fourfold, so that theirs are copied less often. Throws std::bad_alloc.
template <class Vector>
void grow(Vector& vector, std::size_t size) {
  static constexpr std::size_t kSmall = 8192;
  const std::size_t factor = vector.capacity() < kSmall ? 4 : 2;
  if (vector.capacity() < size) {
    vector.reserve(std::max(size, factor * vector.capacity()));
  }
}

/// Gives memory back if there is room for more than eight times `wanted`
/// elements. Does nothing for small arrays, or if there is no memory for the
/// smaller array.
template <class Vector>
void give_back_surplus(Vector& vector, std::size_t wanted) {
  static constexpr std::size_t kSmall = 256;
  wanted = std::max({wanted, vector.size(), kSmall});
  if (vector.capacity() / 8 <= wanted) return;
  Vector smaller;
  try {
    smaller.reserve(4 * wanted);
  } catch (const std::bad_alloc&) {
    return;  // It can wait.
  }
  smaller.assign(vector.begin(), vector.end());
  vector.swap(smaller);
}

}  // namespace timers

#endif  // TIMERS_DETAIL_VECTOR_MEMORY_H_

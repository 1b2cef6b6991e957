#include "loop/futures/recycled_memory.h"

#include <cstddef>
#include <new>
#include <utility>

namespace loop {

constinit thread_local RecycledMemory::Lists RecycledMemory::lists_{};

// Frees the lists when the thread ends. The lists themselves are trivially
// destructible, as access to a thread_local object with a destructor costs a
// function call each time.
struct RecycledMemory::Owner {
  Owner() {
    for (List& list : lists_) list.room = kRoom;
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    ended = true;  // Blocks that later destructors free are not kept.
    for (List& list : lists_) {
      list.room = 0;
      while (list.first != nullptr) {
        ::operator delete(std::exchange(list.first, list.first->next));
      }
    }
  }
  static constinit thread_local bool ended;
};

constinit thread_local bool RecycledMemory::Owner::ended = false;

// Each block has the largest size of its list.
void* RecycledMemory::allocate_new(std::size_t size) {
  const bool kept = kRecyclesMemory && size <= kLargest;
  return ::operator new(kept ? (index_of(size) + 1) * kStep : size);
}

void RecycledMemory::deallocate_slowly(void* memory,
                                       std::size_t size) noexcept {
  static constinit thread_local bool owned = false;
  if (kRecyclesMemory && size <= kLargest && !owned && !Owner::ended) {
    static thread_local const Owner owner;
    owned = true;
    static_cast<void>(owner);
    return deallocate(memory, size);
  }
  ::operator delete(memory);
}

}  // namespace loop

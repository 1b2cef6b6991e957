// `RecycledMemory`, `Recycled`: memory of objects that are made and destroyed
// all the time, such as futures and coroutine frames.

#ifndef LOOP_FUTURES_RECYCLED_MEMORY_H_
#define LOOP_FUTURES_RECYCLED_MEMORY_H_

#include <array>
#include <cstddef>
#include <new>

namespace loop {

// AddressSanitizer detects a use after the end of an object only if no other
// object occupies the memory. So under AddressSanitizer no block is recycled.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kRecyclesMemory = false;
#elif defined(__has_feature)
inline constexpr bool kRecyclesMemory = !__has_feature(address_sanitizer);
#else
inline constexpr bool kRecyclesMemory = true;
#endif

// Free lists of blocks, one per thread and size.
//
// A general allocator serves any size and any thread. The caller of a coroutine
// needs the size that the previous one of this kind has just freed, in the same
// thread. So each thread keeps a list of free blocks for each size, and
// allocating and freeing take a few instructions each.
//
// A block may be freed in another thread than the one that allocated it. Each
// list keeps up to 1,000 blocks of up to 1 KiB. All others go back to the
// general allocator, and so do the lists when their thread ends.
class RecycledMemory {
 public:
  // Returns a block of `size` bytes. Throws std::bad_alloc.
  static void* allocate(std::size_t size) {
    if (kRecyclesMemory && size <= kLargest) [[likely]] {
      List& list = lists_[index_of(size)];
      if (Block* const block = list.first) [[likely]] {
        list.first = block->next;
        ++list.room;
        return block;
      }
    }
    return allocate_new(size);
  }

  // Frees a block. `size` is the size passed to allocate().
  static void deallocate(void* memory, std::size_t size) noexcept {
    if (kRecyclesMemory && size <= kLargest) [[likely]] {
      List& list = lists_[index_of(size)];
      if (list.room > 0) [[likely]] {
        list.first = ::new (memory) Block{list.first};
        --list.room;
        return;
      }
    }
    deallocate_slowly(memory, size);
  }

 private:
  static constexpr std::size_t kStep = 16;  // That of malloc().
  static constexpr std::size_t kLargest = 1024;
  static constexpr std::size_t kRoom = 1000;

  struct Block {
    Block* next;
  };
  struct List {
    Block* first = nullptr;
    // The number of blocks that the list can still take: 0 until an Owner
    // exists that frees them when the thread ends.
    std::size_t room = 0;
  };
  using Lists = std::array<List, kLargest / kStep>;
  struct Owner;

  // `size` is never 0.
  static std::size_t index_of(std::size_t size) { return (size - 1) / kStep; }

  static void* allocate_new(std::size_t size);
  static void deallocate_slowly(void* memory, std::size_t size) noexcept;

  static constinit thread_local Lists lists_;
};

// The base class of objects in recycled memory.
class Recycled {
 public:
  static void* operator new(std::size_t size) {
    return RecycledMemory::allocate(size);
  }
  static void operator delete(void* memory, std::size_t size) {
    RecycledMemory::deallocate(memory, size);
  }
  // Over-aligned objects are rare, and not recycled.
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
  }
  static void operator delete(void* memory, std::size_t,
                              std::align_val_t alignment) {
    ::operator delete(memory, alignment);
  }
};

}  // namespace loop

#endif  // LOOP_FUTURES_RECYCLED_MEMORY_H_

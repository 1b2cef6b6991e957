// Memory for what comes and goes all the time: futures and coroutine frames.

#ifndef LOOP_FUTURES_RECYCLED_MEMORY_H_
#define LOOP_FUTURES_RECYCLED_MEMORY_H_

#include <array>
#include <cstddef>
#include <new>

namespace loop {

// AddressSanitizer finds what uses an object after its end only if nothing else
// lives in its place. So it gets to see each block come and go.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kRecyclesMemory = false;
#elif defined(__has_feature)
inline constexpr bool kRecyclesMemory = !__has_feature(address_sanitizer);
#else
inline constexpr bool kRecyclesMemory = true;
#endif

// A general allocator finds any size for any thread. Who calls a coroutine
// wants the size that the last one of this kind has just given back, in the
// same thread: so each thread keeps a list of free blocks for each size, and
// taking and giving are a few instructions each.
//
// A block may be given back in another thread than took it. Each list keeps up
// to 1,000 blocks of up to 1 KiB; the rest goes back to the general allocator,
// and so do the lists when their thread ends.
class RecycledMemory {
 public:
  // Throws std::bad_alloc.
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

  // `size` as it was asked for.
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
  static constexpr std::size_t kStep = 32;
  static constexpr std::size_t kLargest = 1024;
  static constexpr std::size_t kRoom = 1000;

  struct Block {
    Block* next;
  };
  struct List {
    Block* first = nullptr;
    // How many more it takes: none, until somebody is there to free them when
    // the thread ends.
    std::size_t room = 0;
  };
  using Lists = std::array<List, kLargest / kStep>;
  struct Owner;

  // 0 bytes do not occur.
  static std::size_t index_of(std::size_t size) { return (size - 1) / kStep; }

  static void* allocate_new(std::size_t size);
  static void deallocate_slowly(void* memory, std::size_t size) noexcept;

  static constinit thread_local Lists lists_;
};

// What is derived from it lives in such memory.
class Recycled {
 public:
  static void* operator new(std::size_t size) {
    return RecycledMemory::allocate(size);
  }
  static void operator delete(void* memory, std::size_t size) {
    RecycledMemory::deallocate(memory, size);
  }
  // What must stand at rounder addresses is rare.
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

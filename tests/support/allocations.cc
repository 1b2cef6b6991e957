#include "tests/support/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace tests {
namespace {

std::atomic<std::size_t> count = 0;
std::atomic<std::size_t> asked_for = 0;
std::atomic<std::size_t> held = 0;
std::atomic<std::size_t> bytes = 0;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constinit thread_local std::size_t left = kAll;  // Calls that do not fail.
constinit thread_local bool has_failed = false;

void take_one() {
  if (left == kAll) return;
  if (left == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
  --left;
}

void* allocate(std::size_t alignment, std::size_t size) {
  take_one();
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  ++count;
  asked_for += size;
  ++held;
  bytes += ::malloc_usable_size(memory);
  return memory;
}

void deallocate(void* memory) noexcept {
  if (memory != nullptr) {
    --held;
    bytes -= ::malloc_usable_size(memory);
  }
  std::free(memory);
}

}  // namespace

std::size_t allocations() { return count; }
std::size_t bytes_asked_for() { return asked_for; }
std::size_t allocations_held() { return held; }
std::size_t allocated_bytes() { return bytes; }

FailingAllocations::FailingAllocations(std::size_t successes) {
  left = successes;
  has_failed = false;
}
FailingAllocations::~FailingAllocations() { left = kAll; }
bool FailingAllocations::struck() const { return has_failed; }

}  // namespace tests

// Not inlined, or g++ sees the free() and misses the malloc().
[[gnu::noinline]] void* operator new(std::size_t size) {
  return tests::allocate(alignof(std::max_align_t), size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  return tests::allocate(static_cast<std::size_t>(align), size);
}
// The operators of arrays would call these, unless a sanitizer has its own.
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return tests::allocate(alignof(std::max_align_t), size);
}
// std::stable_sort(), for example, works with less memory if there is no more.
[[gnu::noinline]] void* operator new(std::size_t size,
                                     const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  tests::deallocate(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  tests::deallocate(memory);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  tests::deallocate(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  tests::deallocate(memory);
}
[[gnu::noinline]] void operator delete(void* memory,
                                       std::align_val_t) noexcept {
  tests::deallocate(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t,
                                       std::align_val_t) noexcept {
  tests::deallocate(memory);
}

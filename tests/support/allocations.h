// `allocations()` and its siblings: the memory that the program requests and
// holds, as `operator new` and `delete` see it. `FailingAllocations` and
// `EachShortage`: operations that run out of memory.

#ifndef TESTS_SUPPORT_ALLOCATIONS_H_
#define TESTS_SUPPORT_ALLOCATIONS_H_

#include <cstddef>
#include <new>
#include <utility>

namespace tests {

// Returns the number of calls of operator new since the program began.
std::size_t allocations();

// Returns the number of bytes that all calls of operator new requested.
std::size_t bytes_asked_for();

// Returns the number of allocations that are not deleted yet.
std::size_t allocations_held();

// Returns the number of bytes of all allocations that are not deleted yet.
std::size_t allocated_bytes();

// A guard that makes this thread run out of memory. While it exists, the next
// `successes` calls of operator new in this thread succeed, and all later calls
// throw std::bad_alloc. Only one guard may exist at a time.
class FailingAllocations {
 public:
  explicit FailingAllocations(std::size_t successes = 0);
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations();

  // Returns whether any call has failed.
  bool struck() const;
};

// A loop over all points of an operation where memory can run out:
//
//   for (tests::EachShortage shortage; shortage.next();) {
//     Thing thing;
//     const bool done = shortage.survives([&] { thing.change(); });
//     EXPECT_EQ(thing.has_changed(), done);
//   }
class EachShortage {
 public:
  // Returns false after an operation that got all the memory that it requested.
  bool next() { return std::exchange(struck_, false); }

  // Runs the operation, once for each next(). Returns false if the operation
  // throws std::bad_alloc.
  template <class Operation>
  bool survives(Operation operation) {
    const FailingAllocations failing(count_++);
    try {
      operation();
    } catch (const std::bad_alloc&) {
      struck_ = true;
      return false;
    }
    struck_ = failing.struck();
    return true;
  }

  // Returns the number of points where memory can run out, after the loop.
  std::size_t places() const { return count_ - 1; }

 private:
  std::size_t count_ = 0;
  bool struck_ = true;
};

}  // namespace tests

#endif  // TESTS_SUPPORT_ALLOCATIONS_H_

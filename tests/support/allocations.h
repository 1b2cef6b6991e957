// How much memory the program asks for and holds, as `operator new` and
// `delete` see it; and what happens if there is none.

#ifndef TESTS_SUPPORT_ALLOCATIONS_H_
#define TESTS_SUPPORT_ALLOCATIONS_H_

#include <cstddef>
#include <new>
#include <utility>

namespace tests {

// Calls of operator new since the program began.
std::size_t allocations();

// How much they asked for.
std::size_t bytes_asked_for();

// Those of them that no operator delete has answered.
std::size_t allocations_held();

// How much they hold.
std::size_t allocated_bytes();

// While it exists, the next `successes` calls of operator new in this thread
// get their memory, and all after them throw std::bad_alloc. One at a time.
class FailingAllocations {
 public:
  explicit FailingAllocations(std::size_t successes = 0);
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations();

  // Has any failed?
  bool struck() const;
};

// Has memory run out in the middle of an operation, at each place in turn:
//
//   for (tests::EachShortage shortage; shortage.next();) {
//     Thing thing;
//     const bool done = shortage.survives([&] { thing.change(); });
//     EXPECT_EQ(thing.has_changed(), done);
//   }
class EachShortage {
 public:
  // Returns false when an operation has had all the memory that it asked for.
  bool next() { return std::exchange(struck_, false); }

  // Returns false if the operation throws std::bad_alloc. Once for each next().
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

  // In how many places memory has run out, when all have been tried.
  std::size_t places() const { return count_ - 1; }

 private:
  std::size_t count_ = 0;
  bool struck_ = true;
};

}  // namespace tests

#endif  // TESTS_SUPPORT_ALLOCATIONS_H_

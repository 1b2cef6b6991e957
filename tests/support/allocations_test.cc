#include "tests/support/allocations.h"

#include <gtest/gtest.h>

#include <new>

namespace tests {
namespace {

// Written out, because compilers may omit a `new` whose result is deleted.
void allocate() { ::operator delete(::operator new(1)); }
void allocate_array() { ::operator delete[](::operator new[](1)); }

TEST(AllocationsTest, SomeSucceedAndTheOthersFail) {
  const FailingAllocations failing(2);
  EXPECT_NO_THROW(allocate());
  EXPECT_NO_THROW(allocate_array());
  EXPECT_FALSE(failing.struck());
  EXPECT_THROW(allocate(), std::bad_alloc);
  EXPECT_THROW(allocate_array(), std::bad_alloc);
  EXPECT_TRUE(failing.struck());
}

TEST(AllocationsTest, AllSucceedAfterwards) {
  { const FailingAllocations failing; }
  EXPECT_NO_THROW(allocate());
}

TEST(AllocationsTest, EachPlaceIsTriedOnce) {
  int survived = 0;
  EachShortage shortage;
  while (shortage.next()) {
    int allocated = 0;
    survived += shortage.survives([&] {
      for (; allocated < 2; ++allocated) allocate();
    });
    EXPECT_EQ(survived, allocated == 2 ? 1 : 0);
  }
  EXPECT_EQ(shortage.places(), 2u);
  EXPECT_EQ(survived, 1);
}

}  // namespace
}  // namespace tests

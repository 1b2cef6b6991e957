// How often memory was asked for, and how much of it is held.

#ifndef TESTS_LOOP_PARTS_ALLOCATIONS_H_
#define TESTS_LOOP_PARTS_ALLOCATIONS_H_

#include <cstddef>

namespace tests {

// Calls of operator new since the program began.
std::size_t allocations();

// Those of them that no operator delete has answered.
std::size_t allocations_held();

}  // namespace tests

#endif  // TESTS_LOOP_PARTS_ALLOCATIONS_H_

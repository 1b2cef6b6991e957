// How much memory the program asks for and holds, as `operator new` and
// `delete` see it.

#ifndef TESTS_SUPPORT_ALLOCATIONS_H_
#define TESTS_SUPPORT_ALLOCATIONS_H_

#include <cstddef>

namespace tests {

// Calls of operator new since the program began.
std::size_t allocations();

// How much they asked for.
std::size_t bytes_asked_for();

// Those of them that no operator delete has answered.
std::size_t allocations_held();

// How much they hold.
std::size_t allocated_bytes();

}  // namespace tests

#endif  // TESTS_SUPPORT_ALLOCATIONS_H_

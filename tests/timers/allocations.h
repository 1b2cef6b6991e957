// How much memory the program holds, as `operator new` and `delete` see it.

#ifndef TESTS_TIMERS_ALLOCATIONS_H_
#define TESTS_TIMERS_ALLOCATIONS_H_

#include <cstddef>

namespace tests {

// Since the program began.
std::size_t allocations();

// At the moment.
std::size_t allocated_bytes();

}  // namespace tests

#endif  // TESTS_TIMERS_ALLOCATIONS_H_

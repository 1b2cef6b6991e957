// `RealSelectors`: the selectors of this system's kernel.

#ifndef TESTS_SUPPORT_REAL_SELECTORS_H_
#define TESTS_SUPPORT_REAL_SELECTORS_H_

#include <gtest/gtest.h>

#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"

namespace tests {

// The selectors for suites about memory. The stand-ins for other kernels are
// not among them, because they allocate memory of their own.
using RealSelectors =
    ::testing::Types<selectors::SelectSelector, selectors::PollSelector,
                     selectors::EpollSelector>;

}  // namespace tests

#endif  // TESTS_SUPPORT_REAL_SELECTORS_H_

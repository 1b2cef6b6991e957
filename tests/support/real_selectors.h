// The selectors of this system's kernel.

#ifndef TESTS_SUPPORT_REAL_SELECTORS_H_
#define TESTS_SUPPORT_REAL_SELECTORS_H_

#include <gtest/gtest.h>

#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"

namespace tests {

// For suites about memory: not the stand-ins for other kernels, which take some
// of their own.
using RealSelectors =
    ::testing::Types<selectors::SelectSelector, selectors::PollSelector,
                     selectors::EpollSelector>;

}  // namespace tests

#endif  // TESTS_SUPPORT_REAL_SELECTORS_H_

// `real_selectors()`: the selectors of this system's kernel.

#ifndef TESTS_SUPPORT_REAL_SELECTORS_H_
#define TESTS_SUPPORT_REAL_SELECTORS_H_

#include <gtest/gtest.h>

#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/support/selector_kind.h"

namespace tests {

// Returns the selectors for suites about memory. The stand-ins for other
// kernels are not among them, because they allocate memory of their own.
inline auto real_selectors() {
  return ::testing::Values(
      selector_kind<selectors::SelectSelector>("SelectSelector"),
      selector_kind<selectors::PollSelector>("PollSelector"),
      selector_kind<selectors::EpollSelector>("EpollSelector"));
}

}  // namespace tests

#endif  // TESTS_SUPPORT_REAL_SELECTORS_H_

// Every selector that there is, in one program: those of this system's kernel,
// and those whose kernels are stand-ins.

#ifndef TESTS_SUPPORT_ALL_SELECTORS_H_
#define TESTS_SUPPORT_ALL_SELECTORS_H_

#include <gtest/gtest.h>

#include "selectors/devpoll_selector.h"
#include "selectors/epoll_selector.h"
#include "selectors/kqueue_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/support/selector_kind.h"

namespace tests {

// The parameters of a suite: INSTANTIATE_TEST_SUITE_P(Selectors, LoopTest,
// tests::all_selectors(), tests::name_of);
inline auto all_selectors() {
  return ::testing::Values(
      selector_kind<selectors::SelectSelector>("SelectSelector"),
      selector_kind<selectors::PollSelector>("PollSelector"),
      selector_kind<selectors::EpollSelector>("EpollSelector"),
      selector_kind<selectors::KqueueSelector>("KqueueSelector"),
      selector_kind<selectors::DevpollSelector>("DevpollSelector"));
}

}  // namespace tests

#endif  // TESTS_SUPPORT_ALL_SELECTORS_H_

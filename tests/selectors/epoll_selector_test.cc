#include "selectors/epoll_selector.h"

#include <cerrno>

#include "tests/selectors/selector_conformance.h"
#include "tests/selectors/selector_conformance_contract.h"
#include "tests/selectors/selector_conformance_lifetime.h"
#include "tests/selectors/selector_conformance_wait.h"

namespace selectors {

INSTANTIATE_TYPED_TEST_SUITE_P(Epoll, SelectorTest, EpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Epoll, SelectorContractTest, EpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Epoll, SelectorLifetimeTest, EpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Epoll, SelectorWaitTest, EpollSelector);

namespace {

using EpollTest = tests::NoLeak;

// epoll(7) gives EPERM for a file to watch.
TEST_F(EpollTest, RegisterFile) {
  EpollSelector s;
  const tests::TempFile file;
  EXPECT_EQ(errno_of([&] { s.register_(file, EVENT_READ); }), EPERM);
  // The SelectorKey has been removed.
  EXPECT_THROW(s.get_key(file), KeyError);
}

}  // namespace
}  // namespace selectors

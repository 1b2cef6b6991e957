#include "selectors/devpoll_selector.h"

#include "tests/selectors/selector_conformance.h"
#include "tests/selectors/selector_conformance_contract.h"
#include "tests/selectors/selector_conformance_lifetime.h"
#include "tests/selectors/selector_conformance_wait.h"

namespace selectors {

INSTANTIATE_TYPED_TEST_SUITE_P(Devpoll, SelectorTest, DevpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Devpoll, SelectorContractTest, DevpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Devpoll, SelectorLifetimeTest, DevpollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Devpoll, SelectorWaitTest, DevpollSelector);

}  // namespace selectors

#include "selectors/poll_selector.h"

#include "tests/selectors/selector_conformance.h"
#include "tests/selectors/selector_conformance_contract.h"
#include "tests/selectors/selector_conformance_lifetime.h"
#include "tests/selectors/selector_conformance_wait.h"

namespace selectors {

INSTANTIATE_TYPED_TEST_SUITE_P(Poll, SelectorTest, PollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Poll, SelectorContractTest, PollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Poll, SelectorLifetimeTest, PollSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Poll, SelectorWaitTest, PollSelector);

}  // namespace selectors

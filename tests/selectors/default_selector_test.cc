#include "selectors/default_selector.h"

#include "tests/selectors/selector_conformance.h"
#include "tests/selectors/selector_conformance_contract.h"
#include "tests/selectors/selector_conformance_lifetime.h"
#include "tests/selectors/selector_conformance_wait.h"

namespace selectors {

INSTANTIATE_TYPED_TEST_SUITE_P(Default, SelectorTest, DefaultSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Default, SelectorContractTest, DefaultSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Default, SelectorLifetimeTest, DefaultSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Default, SelectorWaitTest, DefaultSelector);

}  // namespace selectors

#include "selectors/select_selector.h"

#include "tests/selectors/selector_conformance.h"
#include "tests/selectors/selector_conformance_contract.h"
#include "tests/selectors/selector_conformance_lifetime.h"
#include "tests/selectors/selector_conformance_wait.h"

namespace selectors {

INSTANTIATE_TYPED_TEST_SUITE_P(Select, SelectorTest, SelectSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Select, SelectorContractTest, SelectSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Select, SelectorLifetimeTest, SelectSelector);
INSTANTIATE_TYPED_TEST_SUITE_P(Select, SelectorWaitTest, SelectSelector);

}  // namespace selectors

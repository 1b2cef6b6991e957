// Umbrella header: all names that `import selectors` gives.

#ifndef SELECTORS_SELECTORS_H_
#define SELECTORS_SELECTORS_H_

#include "selectors/base_selector.h"
#include "selectors/default_selector.h"
#include "selectors/errors.h"
#include "selectors/file_obj.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "selectors/selector_key.h"
#include "selectors/selector_map.h"
#include "selectors/wait_limit.h"

#endif  // SELECTORS_SELECTORS_H_

// Refusing what no kernel call can wait for.

#ifndef SELECTORS_REFUSAL_H_
#define SELECTORS_REFUSAL_H_

#include <optional>
#include <string>

#include "selectors/errors.h"
#include "selectors/selector_key.h"

namespace selectors {

/// Returns the OSError (EBADF) with which a key is refused, which names its
/// file object and says why, if nothing is open under its number, or if what is
/// open can be named and not read: O_PATH, a detached mount of open_tree(2).
/// select(2) and poll(2) would report it as ready forever. One system call.
std::optional<OSError> unwatchable(const SelectorKey& key);

/// Why a kernel says EBADF of `fd`: " (it is not open)". For a message.
std::string why_bad(int fd);

}  // namespace selectors

#endif  // SELECTORS_REFUSAL_H_

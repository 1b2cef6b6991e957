// `unwatchable()`, `why_bad()`: the refusal of descriptors that no kernel call
// can wait for.

#ifndef SELECTORS_REFUSAL_H_
#define SELECTORS_REFUSAL_H_

#include <optional>
#include <string>

#include "selectors/errors.h"
#include "selectors/selector_key.h"

namespace selectors {

/// Returns the OSError (EBADF) that refuses `key`, or nullopt if the key can be
/// watched. The error names the file object and gives the reason: the number is
/// not open, or its file was opened by name only and cannot be read (O_PATH, a
/// detached mount of open_tree(2)). select(2) and poll(2) would report such a
/// number as ready forever. Makes one system call, and another one for a
/// refusal.
std::optional<OSError> unwatchable(const SelectorKey& key);

/// Returns the reason for which a kernel answers EBADF for `fd`, as the end of
/// an error message: " (it is not open)". Returns "" if there is no known
/// reason.
std::string why_bad(int fd);

}  // namespace selectors

#endif  // SELECTORS_REFUSAL_H_

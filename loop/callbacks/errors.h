// `loop::ValueError`, `RuntimeError` and `OSError`: the exceptions of
// selectors/errors.h that the loop throws, as names of the namespace `loop`.

#ifndef LOOP_CALLBACKS_ERRORS_H_
#define LOOP_CALLBACKS_ERRORS_H_

#include "selectors/errors.h"

namespace loop {

/// Thrown for an invalid argument; selectors::ValueError.
using selectors::ValueError;

/// Thrown for a call that the state of the object forbids;
/// selectors::RuntimeError.
using selectors::RuntimeError;

/// Thrown when the kernel refuses a call; std::system_error.
using selectors::OSError;

}  // namespace loop

#endif  // LOOP_CALLBACKS_ERRORS_H_

#include "loop/futures/errors.h"

#include "loop/futures/holds.h"

namespace loop {

bool is_cancelled_error(const std::exception_ptr& exception) {
  return holds<CancelledError>(exception);
}

}  // namespace loop

#include "loop/futures/errors.h"

namespace loop {

bool is_cancelled_error(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
  }
  return false;
}

}  // namespace loop

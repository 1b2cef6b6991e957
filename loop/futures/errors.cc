#include "loop/futures/errors.h"

#include <exception>
#include <typeinfo>

namespace loop {

// The C++ library of GNU tells the type of the exception. Elsewhere, and for a
// class derived from CancelledError, throwing the exception again finds it,
// which takes 10,000 instructions.
bool is_cancelled_error(const std::exception_ptr& exception) {
  if (!exception) return false;
#ifdef __GLIBCXX__
  const std::type_info& type = *exception.__cxa_exception_type();
  if (type == typeid(CancelledError)) return true;
#endif
  try {
    std::rethrow_exception(exception);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
  }
  return false;
}

}  // namespace loop

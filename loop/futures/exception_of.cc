#include "loop/futures/exception_of.h"

#include "selectors/errors.h"

namespace loop {

void exception_of_internal::throw_would_be_sliced() {
  throw selectors::ValueError(
      "a reference to a base class would lose the rest of the exception: pass "
      "std::current_exception()");
}

}  // namespace loop

// Python's exceptions by name, each derived from its standard C++ neighbour:
// catch what you know, `KeyError` or `std::out_of_range`.

#ifndef SELECTORS_ERRORS_H_
#define SELECTORS_ERRORS_H_

#include <stdexcept>
#include <string>
#include <system_error>

namespace selectors {

// An argument that no selector could accept: bad events, a negative fd.
struct ValueError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// A file object that is not registered, or is registered already.
struct KeyError : std::out_of_range {
  using std::out_of_range::out_of_range;
};

// A call that this state of the object forbids.
struct RuntimeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The kernel refused. code().value() is Python's `errno` attribute.
using OSError = std::system_error;

// An OSError for `errno_value`; what() reads "`what`: Bad file descriptor".
inline OSError make_os_error(int errno_value, const std::string& what) {
  return OSError(errno_value, std::generic_category(), what);
}

}  // namespace selectors

#endif  // SELECTORS_ERRORS_H_

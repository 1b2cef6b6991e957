// `ValueError`, `KeyError`, `RuntimeError`, `OSError`: Python's exceptions by
// name, each derived from the standard C++ exception of the same meaning. Catch
// `KeyError` or `std::out_of_range`, as you prefer.

#ifndef SELECTORS_ERRORS_H_
#define SELECTORS_ERRORS_H_

#include <stdexcept>
#include <string>
#include <system_error>

namespace selectors {

/// Thrown for an invalid argument, such as unknown events or a negative fd.
struct ValueError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// Thrown for a file object that is not registered, or already registered.
///
/// ```cpp
/// try {
///   selector.unregister(fd);
/// } catch (const selectors::KeyError& error) {  // or std::out_of_range
///   std::puts(error.what());                    // "fd 7 is not registered"
/// }
/// ```
struct KeyError : std::out_of_range {
  using std::out_of_range::out_of_range;
};

/// Thrown for a call that the state of the object forbids.
struct RuntimeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Thrown when the kernel refuses a call. code().value() is the errno.
using OSError = std::system_error;

/// Returns an OSError for `errno_value`. Its message begins with `what`:
/// "`what`: Bad file descriptor".
inline OSError make_os_error(int errno_value, const std::string& what) {
  return OSError(errno_value, std::generic_category(), what);
}

}  // namespace selectors

#endif  // SELECTORS_ERRORS_H_

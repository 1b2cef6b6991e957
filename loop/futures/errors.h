// What a future throws.

#ifndef LOOP_FUTURES_ERRORS_H_
#define LOOP_FUTURES_ERRORS_H_

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "selectors/errors.h"

namespace loop {

// What the work was cancelled with. Not derived from std::exception, as
// Python's is not from Exception: `catch (const std::exception&)` is meant for
// what went wrong, and must not swallow it.
// Port of asyncio.CancelledError (CPython 3.15, Lib/asyncio/exceptions.py).
class CancelledError {
 public:
  explicit CancelledError(std::string message = "")
      : message_(std::move(message)) {}
  const char* what() const { return message_.c_str(); }

 private:
  std::string message_;
};

/// Returns whether `exception` is a CancelledError; false for nullptr.
bool is_cancelled_error(const std::exception_ptr& exception);

// Somebody pressed Ctrl-C. Not derived from std::exception, for the same
// reason. Port of KeyboardInterrupt.
struct KeyboardInterrupt {};

// A result that is not there yet, or is there already.
// Port of asyncio.InvalidStateError.
struct InvalidStateError : selectors::RuntimeError {
  using selectors::RuntimeError::RuntimeError;
};

// The time is up.
// Port of TimeoutError, which is what asyncio.TimeoutError is.
// Differs from Python: there it is an OSError.
struct TimeoutError : std::runtime_error {
  explicit TimeoutError(const std::string& message = "timed out")
      : std::runtime_error(message) {}
};

}  // namespace loop

#endif  // LOOP_FUTURES_ERRORS_H_

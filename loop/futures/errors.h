// `CancelledError`, `KeyboardInterrupt`, `InvalidStateError`, `TimeoutError`:
// the errors of futures and tasks.

#ifndef LOOP_FUTURES_ERRORS_H_
#define LOOP_FUTURES_ERRORS_H_

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "loop/callbacks/errors.h"

namespace loop {

/// Thrown by a wait that has been cancelled, and by result() of a cancelled
/// future.
///
/// ```cpp
/// try {
///   co_await work();
/// } catch (const loop::CancelledError&) {
///   clean_up();
///   throw;
/// }
/// ```
///
/// Not derived from std::exception, as Python's CancelledError is not derived
/// from Exception: `catch (const std::exception&)` is meant for failures, and
/// must not swallow a cancellation.
///
/// Port of asyncio.CancelledError (CPython 3.15, Lib/asyncio/exceptions.py).
class CancelledError {
 public:
  /// Makes an error with the message that was passed to cancel().
  explicit CancelledError(std::string message = "")
      : message_(std::move(message)) {}
  /// Returns the message.
  const char* what() const { return message_.c_str(); }

 private:
  std::string message_;
};

/// Returns whether `exception` is a CancelledError; false for nullptr.
bool is_cancelled_error(const std::exception_ptr& exception);

/// Thrown by Runner::run() after Ctrl-C. Not derived from std::exception, so
/// that `catch (const std::exception&)` does not swallow it. Port of
/// KeyboardInterrupt.
struct KeyboardInterrupt {};

/// Thrown if a future has no result yet, or has a result already. Port of
/// asyncio.InvalidStateError.
struct InvalidStateError : RuntimeError {
  using RuntimeError::RuntimeError;
};

/// Thrown if a timeout has expired. Port of TimeoutError, of which
/// asyncio.TimeoutError is an alias. Differs from Python: there, TimeoutError
/// is an OSError.
struct TimeoutError : std::runtime_error {
  /// Makes an error with this message.
  explicit TimeoutError(const std::string& message = "timed out")
      : std::runtime_error(message) {}
};

}  // namespace loop

#endif  // LOOP_FUTURES_ERRORS_H_

// `IncompleteReadError`, `LimitOverrunError`: the errors of StreamReader.

#ifndef LOOP_STREAMS_ERRORS_H_
#define LOOP_STREAMS_ERRORS_H_

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "loop/callbacks/errors.h"

namespace loop {

/// Thrown if a stream ends before the requested bytes have arrived.
///
/// ```cpp
/// try {
///   header = co_await reader.readexactly(8);
/// } catch (const loop::IncompleteReadError& error) {
///   std::printf("only %zu bytes\n", error.partial.size());
/// }
/// ```
///
/// Port of asyncio.IncompleteReadError (CPython 3.15,
/// Lib/asyncio/exceptions.py). Differs from Python: there it is an EOFError.
struct IncompleteReadError : std::runtime_error {
  /// Makes an error with the bytes that have been read.
  IncompleteReadError(std::string partial_,
                      std::optional<std::size_t> expected_)
      : std::runtime_error(
            std::to_string(partial_.size()) + " bytes read on a total of " +
            (expected_ ? std::to_string(*expected_) : "undefined") +
            " expected bytes"),
        partial(std::move(partial_)),
        expected(expected_) {}

  /// The bytes that arrived before the end. The stream does not keep them.
  std::string partial;
  /// The requested number of bytes; nullopt if a separator was requested.
  std::optional<std::size_t> expected;
};

/// Thrown if no separator has arrived within the limit of a stream. The stream
/// keeps all bytes: read(error.consumed) takes those that hold no separator.
///
/// Port of asyncio.LimitOverrunError (CPython 3.15, Lib/asyncio/exceptions.py).
/// Differs from Python: derived from ValueError, which readline() throws there.
struct LimitOverrunError : ValueError {
  /// Makes an error with a message.
  LimitOverrunError(const std::string& message, std::size_t consumed_)
      : ValueError(message), consumed(consumed_) {}

  /// The number of bytes before the separator, or before its possible start if
  /// there is none yet.
  std::size_t consumed;
};

}  // namespace loop

#endif  // LOOP_STREAMS_ERRORS_H_

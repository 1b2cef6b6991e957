// `sock_sendfile()`: sends a file through a Socket.

#ifndef LOOP_SOCKETS_SOCK_SENDFILE_H_
#define LOOP_SOCKETS_SOCK_SENDFILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "loop/callbacks/errors.h"
#include "loop/coroutines/coroutine.h"
#include "loop/sockets/socket.h"

namespace loop {

/// Thrown by sock_sendfile() without a fallback if sendfile(2) cannot send the
/// file, of which nothing has been sent then.
/// Port of asyncio.SendfileNotAvailableError.
struct SendfileNotAvailableError : RuntimeError {
  using RuntimeError::RuntimeError;
};

/// Sends the file behind the descriptor `file` from `offset` on: `count` bytes,
/// or all up to its end. Returns the number of bytes that were sent, which is
/// smaller than `count` if the file ends before.
///
/// ```cpp
/// const std::size_t sent = co_await loop::sock_sendfile(socket, file);
/// ```
///
/// Uses sendfile(2), which copies in the kernel. Files that it refuses, and
/// systems without it, are read in a thread of the default executor, 256 KiB at
/// a time; `fallback` = false forbids that.
///
/// The file's position does not decide about the bytes. In the end, also after
/// an exception and a cancellation, it is behind the last byte that was sent:
/// that is how a caller learns how much was sent.
///
/// The socket and the file must stay open until the end. Throws ValueError for
/// a negative `offset`, a `count` of 0, and a socket that is no stream; OSError
/// if the kernel refuses (ESPIPE: a file without a position, such as a pipe);
/// SendfileNotAvailableError. For the rules of all sock_ functions see
/// sock_accept().
///
/// Port of loop.sock_sendfile() (CPython 3.15, Lib/asyncio/base_events.py and
/// unix_events.py). Differs from Python: if sendfile(2) fails because the peer
/// is gone, that is thrown, and the fallback is not tried.
Coroutine<std::size_t> sock_sendfile(Socket& socket, int file,
                                     std::int64_t offset = 0,
                                     std::optional<std::size_t> count = {},
                                     bool fallback = true);

}  // namespace loop

#endif  // LOOP_SOCKETS_SOCK_SENDFILE_H_

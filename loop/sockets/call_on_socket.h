// `call_on_socket()`: makes a system call on a non-blocking socket, which may
// succeed, block or fail. `check_call()`: throws the error of a call.

#ifndef LOOP_SOCKETS_CALL_ON_SOCKET_H_
#define LOOP_SOCKETS_CALL_ON_SOCKET_H_

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>

#include "loop/sockets/address.h"
#include "loop/sockets/address_buffer.h"
#include "selectors/errors.h"

namespace loop {

// Returns whether an errno means that a call would block. The two numbers are
// one on most systems.
inline bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

[[noreturn]] inline void throw_call_error(const char* function, int fd) {
  throw selectors::make_os_error(
      errno, std::string(function) + " of fd " + std::to_string(fd));
}

// Returns the result of a call, unless it is -1: then throws OSError, which
// names `function` and `fd`.
inline int check_call(int result, const char* function, int fd) {
  if (result == -1) throw_call_error(function, fd);
  return result;
}

// Returns the address that `ask`, getsockname() or getpeername(), gives for
// `fd`. Throws OSError, which names `function` and `fd`.
template <class Ask>
Address ask_address(const char* function, int fd, Ask ask) {
  AddressBuffer buffer;
  check_call(ask(fd, buffer.data(), buffer.size()), function, fd);
  return buffer.address();
}

// Calls `transfer`() until no signal interrupts it. Returns its result, or
// nullopt if the call would block. Throws OSError for other errors.
template <class Transfer>
std::optional<std::size_t> call_on_socket(const char* function, int fd,
                                          Transfer transfer) {
  for (;;) {
    const auto result = transfer();
    if (result >= 0) return static_cast<std::size_t>(result);
    if (would_block(errno)) return std::nullopt;
    if (errno != EINTR) throw_call_error(function, fd);
  }
}

}  // namespace loop

#endif  // LOOP_SOCKETS_CALL_ON_SOCKET_H_

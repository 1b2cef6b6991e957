// The system calls of this layer: thin wrappers that can be traced. See
// selectors/kernel/call.h.

#ifndef LOOP_CALLBACKS_KERNEL_H_
#define LOOP_CALLBACKS_KERNEL_H_

#include <signal.h>
#include <unistd.h>

#include <cstddef>

#include "selectors/kernel/call.h"
#include "selectors/kernel/posix.h"

namespace loop::kernel {

using selectors::kernel::call;
using selectors::kernel::close;
using selectors::kernel::Syscall;

/// The descriptions of the system calls for traces.
extern const Syscall kRead, kWrite, kPipe, kSigaction;

/// Calls read(2).
inline auto read(int fd, void* buffer, std::size_t size) {
  return call(kRead, ::read, fd, buffer, size);
}

/// Calls write(2).
inline auto write(int fd, const void* bytes, std::size_t size) {
  return call(kWrite, ::write, fd, bytes, size);
}

/// Calls pipe(2). fds[0] is the end for reading, fds[1] the end for writing.
inline int pipe(int* fds) { return call(kPipe, ::pipe, fds); }

/// Calls sigaction(2). Either action may be nullptr.
inline int sigaction(int signal_number, const struct sigaction* action,
                     struct sigaction* old) {
  constexpr auto make = [](int number, const struct sigaction* a,
                           struct sigaction* o) {
    return ::sigaction(number, a, o);
  };
  return call(kSigaction, make, signal_number, action, old);
}

}  // namespace loop::kernel

#endif  // LOOP_CALLBACKS_KERNEL_H_

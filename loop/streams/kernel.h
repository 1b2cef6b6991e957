// The system calls of standard streams: thin wrappers that can be traced. See
// selectors/kernel/call.h.

#ifndef LOOP_STREAMS_KERNEL_H_
#define LOOP_STREAMS_KERNEL_H_

#include <fcntl.h>
#include <sys/stat.h>

#include "selectors/kernel/call.h"

namespace loop::kernel {

using selectors::kernel::call;
using selectors::kernel::Syscall;

/// The descriptions of the system calls for traces.
extern const Syscall kOpen, kFstat;

/// open(2): opens a file that exists.
inline int open(const char* path, int flags) {
  constexpr auto make = [](const char* name, int how) {
    return ::open(name, how);
  };
  return call(kOpen, make, path, flags);
}

/// fstat(2): the properties of an open file.
inline int fstat(int fd, struct stat* status) {
  constexpr auto make = [](int number, struct stat* to) {
    return ::fstat(number, to);
  };
  return call(kFstat, make, fd, status);
}

}  // namespace loop::kernel

#endif  // LOOP_STREAMS_KERNEL_H_

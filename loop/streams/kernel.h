// The system calls of files that have a path, and of limits: thin wrappers that
// can be traced. See selectors/kernel/call.h.

#ifndef LOOP_STREAMS_KERNEL_H_
#define LOOP_STREAMS_KERNEL_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/sockets/kernel.h"
#include "selectors/kernel/call.h"

namespace loop::kernel {

using selectors::kernel::call;
using selectors::kernel::Syscall;

/// The descriptions of the system calls for traces.
extern const Syscall kOpen, kStat, kUnlink, kGetrlimit;

/// open(2): opens a file that exists.
inline int open(const char* path, int flags) {
  constexpr auto make = [](const char* name, int how) {
    return ::open(name, how);
  };
  return call(kOpen, make, path, flags);
}

/// stat(2): the properties of the file at a path.
inline int stat(const char* path, struct stat* status) {
  constexpr auto make = [](const char* name, struct stat* to) {
    return ::stat(name, to);
  };
  return call(kStat, make, path, status);
}

/// unlink(2): removes a path.
inline int unlink(const char* path) { return call(kUnlink, ::unlink, path); }

/// fstat(2): the properties of an open file.
inline int fstat(int fd, struct stat* status) {
  constexpr auto make = [](int number, struct stat* to) {
    return ::fstat(number, to);
  };
  return call(kFstat, make, fd, status);
}

/// getrlimit(2) of RLIMIT_NOFILE: the number of descriptors that the process
/// may have open.
inline int getrlimit_nofile(rlimit* limits) {
  constexpr auto make = [](rlimit* to) {
    return ::getrlimit(RLIMIT_NOFILE, to);
  };
  return call(kGetrlimit, make, limits);
}

}  // namespace loop::kernel

#endif  // LOOP_STREAMS_KERNEL_H_

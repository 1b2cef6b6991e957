// The system calls of DevpollSelector on Solaris. See call.h.

#ifndef SELECTORS_KERNEL_DEVPOLL_H_
#define SELECTORS_KERNEL_DEVPOLL_H_

#include <fcntl.h>
#include <poll.h>
#include <sys/devpoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "selectors/kernel/call.h"
#include "selectors/kernel/posix.h"

namespace selectors::kernel {

extern const Syscall kDevpollOpen, kDevpollWrite, kDevpollIoctl;

/// open("/dev/poll"): makes a new, empty set, behind a descriptor. poll(7D).
inline int devpoll_open() {
  constexpr auto make = [](const char* path) {
    return ::open(path, O_RDWR | O_CLOEXEC);
  };
  return call(kDevpollOpen, make, "/dev/poll");
}

/// write(2): adds descriptors to the set, or removes them (POLLREMOVE). Returns
/// whether all `changes` were written.
inline bool devpoll_write(int fd, std::span<const pollfd> changes) {
  return call(kDevpollWrite, ::write, fd, changes.data(),
              changes.size_bytes()) ==
         static_cast<ssize_t>(changes.size_bytes());
}

/// ioctl(2), DP_POLL: waits for ready descriptors. The timeout is rounded up to
/// whole milliseconds.
inline int devpoll_wait(int fd, pollfd* ready, int room,
                        const WaitLimit& timeout) {
  dvpoll question{};
  question.dp_fds = ready;
  question.dp_nfds = static_cast<nfds_t>(room);
  question.dp_timeout = timeout.to_milliseconds();
  constexpr auto make = [](int number, unsigned long request,
                           dvpoll* argument) {
    return ::ioctl(number, static_cast<int>(request), argument);
  };
  return call(kDevpollIoctl, make, fd, static_cast<unsigned long>(DP_POLL),
              &question);
}

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_DEVPOLL_H_

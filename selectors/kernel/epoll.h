// The system calls that only EpollSelector makes: epoll_create1, epoll_ctl,
// epoll_wait, epoll_pwait2, dup3. It also makes close() and, for a message,
// fcntl(): see posix.h. See also call.h.

#ifndef SELECTORS_KERNEL_EPOLL_H_
#define SELECTORS_KERNEL_EPOLL_H_

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "selectors/kernel/call.h"

namespace selectors::kernel {

extern const Syscall kEpollCreate1, kEpollCtl, kEpollWait, kEpollPwait2, kDup3;

/// epoll_create1(2): makes a new, empty interest list, behind a descriptor.
inline int epoll_create1(int flags) {
  return call(kEpollCreate1, ::epoll_create1, flags);
}

/// epoll_ctl(2): adds, changes or deletes one entry of the interest list.
inline int epoll_ctl(int epfd, int operation, int fd, epoll_event* event) {
  return call(kEpollCtl, ::epoll_ctl, epfd, operation, fd, event);
}

/// epoll_wait(2): waits for ready descriptors. The timeout is rounded up to
/// whole milliseconds.
inline int epoll_wait(int epfd, epoll_event* events, int max_events,
                      const WaitLimit& timeout) {
  constexpr auto make = [](int fd, epoll_event* out, int max,
                           const WaitLimit* t) {
    return ::epoll_wait(fd, out, max, t->to_milliseconds());
  };
  return call(kEpollWait, make, epfd, events, max_events, &timeout);
}

/// epoll_pwait2(2): waits for ready descriptors, with a timeout in nanoseconds.
/// Since Linux 5.11.
inline int epoll_pwait2(int epfd, epoll_event* events, int max_events,
                        const WaitLimit& timeout) {
  constexpr auto make = [](int fd, epoll_event* out, int max,
                           const WaitLimit* t) {
    std::timespec wait;
    // By number: the C library has had the name only since glibc 2.35.
    return static_cast<int>(::syscall(SYS_epoll_pwait2, fd, out, max,
                                      t->to_timespec(wait), nullptr, 0));
  };
  return call(kEpollPwait2, make, epfd, events, max_events, &timeout);
}

/// dup3(2): makes the number `to` mean the file of `from`, and closes the file
/// that `to` meant before.
inline int dup3(int from, int to, int flags) {
  return call(kDup3, ::dup3, from, to, flags);
}

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_EPOLL_H_

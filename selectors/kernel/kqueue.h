// The system calls of KqueueSelector on a BSD or macOS. See call.h.

#ifndef SELECTORS_KERNEL_KQUEUE_H_
#define SELECTORS_KERNEL_KQUEUE_H_

// clang-format off
#include <sys/types.h>  // BSDs need it before the next one.
#include <sys/event.h>
// clang-format on
#include <unistd.h>

#include "selectors/kernel/call.h"

namespace selectors::kernel {

extern const Syscall kKqueue, kKevent, kGetpid;

/// kqueue(2): makes a new, empty queue, behind a descriptor.
inline int kqueue() { return call(kKqueue, ::kqueue); }

/// kevent(2): submits changes, then waits for events, in one call.
inline int kevent(int kq, const struct ::kevent* changes, int change_count,
                  struct ::kevent* events, int room, const WaitLimit& timeout) {
  constexpr auto make = [](int fd, const struct ::kevent* in, int in_count,
                           struct ::kevent* out, int out_room,
                           const WaitLimit* t) {
    std::timespec wait;
    return ::kevent(fd, in, in_count, out, out_room, t->to_timespec(wait));
  };
  return call(kKevent, make, kq, changes, change_count, events, room, &timeout);
}

/// getpid(2): returns the id of this process.
inline int getpid() { return call(kGetpid, ::getpid); }

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_KQUEUE_H_

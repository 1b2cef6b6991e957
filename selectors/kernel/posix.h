// The system calls of every Unix that the library makes.

#ifndef SELECTORS_KERNEL_POSIX_H_
#define SELECTORS_KERNEL_POSIX_H_

#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

#include <cstddef>
#include <ctime>
#include <string>

#include "selectors/kernel/call.h"
#include "selectors/wait_limit.h"

struct pollfd;

namespace selectors::kernel {

extern const Syscall kClose, kFcntl, kPselect, kPoll;

// close(2). Never repeated after EINTR: on Linux the descriptor is gone even
// then, and its number may already be another thread's.
inline int close(int fd) { return call(kClose, ::close, fd); }

// fcntl(2).
inline int fcntl(int fd, int command, int argument = 0) {
  constexpr auto make = [](int number, int what, int value) {
    return ::fcntl(number, what, value);
  };
  return call(kFcntl, make, fd, command, argument);
}

// Is there an open file behind this number?
inline bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

// Can there be an open file behind this number? A table that is indexed by a
// number of two thousand million would cost 16 GiB. So one that is beyond what
// Linux allows, unless it is told otherwise (/proc/sys/fs/nr_open), must be
// open.
inline bool may_be_open(int fd) {
  constexpr int kOrdinary = 1 << 20;
  return fd < kOrdinary || is_open(fd);
}

// Closes it in programs that are started with exec().
inline void close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

// pselect(2): select(2) with nanoseconds. Either set of the question may be
// nullptr. The system call writes its answer over the question; here it goes to
// sets of its own, which for a missing question stay as they are.
inline int pselect(int nfds, const fd_set* readers, const fd_set* writers,
                   fd_set* readable, fd_set* writable,
                   const WaitLimit& timeout) {
  constexpr auto make = [](int n, const fd_set* r, const fd_set* w, fd_set* in,
                           fd_set* out, const WaitLimit* t) {
    std::timespec wait;
    if (r != nullptr) *in = *r;
    if (w != nullptr) *out = *w;
    return ::pselect(n, r != nullptr ? in : nullptr,
                     w != nullptr ? out : nullptr, nullptr,
                     t->to_timespec(wait), nullptr);
  };
  return call(kPselect, make, nfds, readers, writers, readable, writable,
              &timeout);
}

// poll(2); ppoll(2) where nanoseconds matter and the C library has it (macOS
// has not: there the timeout is rounded up to milliseconds).
int poll(pollfd* fds, std::size_t count, const WaitLimit& timeout);

// For `describe`: what is asked of each descriptor, and what was answered.
void append_pollfds(std::string& text, const pollfd* fds, Word count);

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_POSIX_H_

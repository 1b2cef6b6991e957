// The system calls that the library makes on every Unix. See call.h.

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

extern const Syscall kClose, kFcntl, kPselect, kPoll, kPpoll;

/// close(2): closes a descriptor. Never repeated after EINTR: on Linux the
/// descriptor is closed even then, and its number may already belong to another
/// thread.
inline int close(int fd) { return call(kClose, ::close, fd); }

/// fcntl(2): reads or sets a property of a descriptor.
inline int fcntl(int fd, int command, int argument = 0) {
  constexpr auto make = [](int number, int what, int value) {
    return ::fcntl(number, what, value);
  };
  return call(kFcntl, make, fd, command, argument);
}

/// Returns whether `fd` is the number of an open file.
inline bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

/// Returns whether `fd` can be the number of an open file. A number from 2^20
/// on counts only if it is open: Linux does not assign such a number by default
/// (/proc/sys/fs/nr_open), and a table indexed by two thousand million would
/// cost 16 GiB.
inline bool may_be_open(int fd) {
  constexpr int kOrdinary = 1 << 20;
  return fd < kOrdinary || is_open(fd);
}

/// Marks `fd` to be closed by exec().
inline void close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

/// pselect(2): select(2) with a timeout in nanoseconds. Each set of the
/// question may be nullptr. The system call writes its answer over the
/// question; this function writes the answer to `readable`, `writable` and
/// `raised`. For a question of nullptr the answer stays unchanged.
inline int pselect(int nfds, const fd_set* readers, const fd_set* writers,
                   const fd_set* exceptional, fd_set* readable,
                   fd_set* writable, fd_set* raised, const WaitLimit& timeout) {
  constexpr auto make = [](int n, const fd_set* r, const fd_set* w,
                           const fd_set* x, fd_set* in, fd_set* out,
                           fd_set* pri, const WaitLimit* t) {
    std::timespec wait;
    if (r != nullptr) *in = *r;
    if (w != nullptr) *out = *w;
    if (x != nullptr) *pri = *x;
    return ::pselect(n, r != nullptr ? in : nullptr,
                     w != nullptr ? out : nullptr, x != nullptr ? pri : nullptr,
                     t->to_timespec(wait), nullptr);
  };
  return call(kPselect, make, nfds, readers, writers, exceptional, readable,
              writable, raised, &timeout);
}

/// poll(2): waits for ready descriptors. Waits for the whole milliseconds of
/// `timeout`, and the caller waits again for the rest. Less than a millisecond
/// is waited for by ppoll(2). macOS has no ppoll: there the timeout is rounded
/// up to milliseconds.
int poll(pollfd* fds, std::size_t count, const WaitLimit& timeout);

/// Appends each descriptor with its requested and reported events. For
/// Syscall::describe.
void append_pollfds(std::string& text, const pollfd* fds, Word count);

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_POSIX_H_

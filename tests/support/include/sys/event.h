// A stand-in for <sys/event.h> of FreeBSD and macOS, on Linux: the part of
// kqueue(2) that this project needs, so that KqueueSelector can be compiled and
// tested on a system without it. The names and their meanings are those of the
// manual page, the numbers those of the BSDs; other filters and flags are left
// out. kqueue_stand_in.cc implements the two functions, and lists their limits.

#ifndef TESTS_SUPPORT_INCLUDE_SYS_EVENT_H_
#define TESTS_SUPPORT_INCLUDE_SYS_EVENT_H_

#include <cstdint>
#include <ctime>

// Filters: the readiness that an entry waits for.
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)

// Operations on an entry.
#define EV_ADD 0x0001
#define EV_DELETE 0x0002

// The behaviour of an entry.
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040

// Flags that the kernel returns.
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

struct kevent {
  std::uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  std::int64_t data;
  void* udata;
};

// A macro in the original.
inline void EV_SET(struct kevent* event, std::uintptr_t ident, short filter,
                   unsigned short flags, unsigned int fflags, std::int64_t data,
                   void* udata) {
  *event = {ident, filter, flags, fflags, data, udata};
}

extern "C" {
int kqueue();
int kevent(int kq, const struct kevent* changes, int change_count,
           struct kevent* events, int room, const struct timespec* timeout);
}

#endif  // TESTS_SUPPORT_INCLUDE_SYS_EVENT_H_

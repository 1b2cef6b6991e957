// A stand-in for <sys/devpoll.h> of Solaris, on Linux: what this project needs
// of poll(7D), so that DevpollSelector can be compiled and tested where there
// is no /dev/poll. POLLREMOVE comes from <poll.h>, where Linux has the name,
// too. Who answers: devpoll_stand_in.cc.

#ifndef TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_
#define TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_

#include <poll.h>

// Requests for ioctl().
#define DP_POLL 0xD001
#define DP_ISPOLLED 0xD002

// The argument of DP_POLL: where to write, how many at most, and for how many
// milliseconds to wait; -1 waits forever.
struct dvpoll {
  struct pollfd* dp_fds;
  nfds_t dp_nfds;
  int dp_timeout;
};

#endif  // TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_

// A stand-in for <sys/devpoll.h> of Solaris, on Linux: the part of poll(7D)
// that this project needs, so that DevpollSelector can be compiled and tested
// on a system without /dev/poll. POLLREMOVE comes from <poll.h>, which also has
// the name on Linux. devpoll_stand_in.cc answers the calls.

#ifndef TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_
#define TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_

#include <poll.h>

// Requests for ioctl().
#define DP_POLL 0xD001
#define DP_ISPOLLED 0xD002

// The argument of DP_POLL: the array for the results, its size, and the timeout
// in milliseconds; -1 waits forever.
struct dvpoll {
  struct pollfd* dp_fds;
  nfds_t dp_nfds;
  int dp_timeout;
};

#endif  // TESTS_SUPPORT_INCLUDE_SYS_DEVPOLL_H_

// `DevpollStandIn`: the device /dev/poll of Solaris, poll(7D), on Linux. A
// program that links this file has the device: an object that lives as long as
// the program answers the selectors' system calls, in every thread. The program
// need not call anything.
//
// The stand-in is written to be right, not fast:
//   - Writing adds descriptors, or adds events to a present descriptor.
//     POLLREMOVE removes one.
//   - DP_POLL reports as many as there is room for, and the next call
//     continues from there.
//   - A number that is closed is POLLNVAL until it is removed or opened
//     again: the device watches numbers, not files. (illumos says nothing of
//     a number that was closed already when it was added.)
//   - The set belongs to the process that used it first: EACCES in others.
//   - A device that is itself watched is POLLERR (illumos).
//   - EINTR by a signal. EINVAL for more changes than possible descriptors.
//
// Differs from a real device: a wait does not notice the writes of other
// threads meanwhile; the next wait does.

#ifndef TESTS_SUPPORT_DEVPOLL_STAND_IN_H_
#define TESTS_SUPPORT_DEVPOLL_STAND_IN_H_

#include <poll.h>
#include <sys/devpoll.h>
#include <sys/types.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "selectors/kernel/call.h"

namespace tests {

// An interceptor that answers the calls for its own devices, and lets all other
// calls pass.
class DevpollStandIn : public selectors::kernel::Interceptor {
 public:
  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override;
  void leave(const selectors::kernel::Call&) override {}

 private:
  // The state of one device.
  struct Device {
    ino_t inode;        // Tells the device from a later file of its number.
    pid_t owner = 0;    // 0: no process yet.
    int next_turn = 0;  // The number where DP_POLL begins.
    std::map<int, short> events;
  };

  int open_device();
  ssize_t write(int fd, std::span<const pollfd> changes);
  int ioctl(int fd, unsigned long request, void* argument);
  int wait(int fd, const dvpoll& question);
  int is_polled(int fd, pollfd& entry);

  Device* find(int fd);
  Device* find_own(int fd);
  std::optional<std::vector<pollfd>> in_turn(int fd);
  int report(int fd, std::span<const pollfd> answers, std::span<pollfd> room);

  std::mutex mutex_;
  std::map<int, Device> devices_;
};

}  // namespace tests

#endif  // TESTS_SUPPORT_DEVPOLL_STAND_IN_H_

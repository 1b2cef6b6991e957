// The device /dev/poll of Solaris, poll(7D), on Linux. Who links this has it:
// the selectors' own system calls to it are answered in every thread, by an
// object that lives as long as the program. Nothing need be called.
//
// It is written to be right, not fast:
//   - Writing adds descriptors, or events to those of a descriptor that is
//   there;
//     POLLREMOVE takes one out.
//   - DP_POLL reports as many as there is room for, and begins the next time
//     where it stopped.
//   - A number that is closed is POLLNVAL until it is taken out or opened
//   again:
//     the device watches numbers, not files. (illumos says nothing of a number
//     that was closed already when it was added.)
//   - The set belongs to the process that used it first: EACCES in others.
//   - A device that is watched itself is POLLERR (illumos).
//   - EINTR by a signal; EINVAL for more changes than there can be descriptors.
//
// Where it falls short of a real one: a wait does not notice what other threads
// write meanwhile; the next one does.

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

// Answers for the devices that it has opened; lets all other calls pass.
class DevpollStandIn : public selectors::kernel::Interceptor {
 public:
  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override;
  void leave(const selectors::kernel::Call&) override {}

 private:
  // What has been written to one device.
  struct Device {
    ino_t inode;        // Tells it from what else may have its number later.
    pid_t owner = 0;    // Nobody yet.
    int next_turn = 0;  // Where DP_POLL begins.
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

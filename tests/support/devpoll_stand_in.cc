#include "tests/support/devpoll_stand_in.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "selectors/kernel/devpoll.h"

namespace tests {
namespace {

namespace kernel = selectors::kernel;

DevpollStandIn stand_in;

int fail(int error) {
  errno = error;
  return -1;
}

std::size_t most_descriptors() {
  rlimit limit;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace

std::optional<kernel::Word> DevpollStandIn::enter(const kernel::Call& call) {
  if (&call.syscall == &kernel::kDevpollOpen) return open_device();
  if (&call.syscall == &kernel::kDevpollWrite) {
    const int fd = static_cast<int>(call.args[0]);
    const auto* changes = reinterpret_cast<const pollfd*>(call.args[1]);
    const auto size = static_cast<std::size_t>(call.args[2]);
    return write(fd, {changes, size / sizeof(pollfd)});
  }
  if (&call.syscall == &kernel::kDevpollIoctl) {
    const int fd = static_cast<int>(call.args[0]);
    return ioctl(fd, static_cast<unsigned long>(call.args[1]),
                 reinterpret_cast<void*>(call.args[2]));
  }
  return std::nullopt;
}

// Opens a device: a pipe without a reader. Such a pipe is an ordinary
// descriptor, has an inode of its own, and is always POLLERR in poll(2).
int DevpollStandIn::open_device() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  ::close(ends[0]);
  struct stat file;
  if (::fstat(ends[1], &file) != 0) return -1;
  const std::lock_guard lock(mutex_);
  devices_[ends[1]] = {file.st_ino, 0, 0, {}};
  return ends[1];
}

// Returns the device of `fd`, or nullptr, with errno set, if `fd` is not or no
// longer a device.
DevpollStandIn::Device* DevpollStandIn::find(int fd) {
  struct stat file;
  if (::fstat(fd, &file) != 0) return nullptr;
  const auto found = devices_.find(fd);
  if (found != devices_.end() && found->second.inode == file.st_ino) {
    return &found->second;
  }
  errno = ENXIO;
  return nullptr;
}

// Returns the device of `fd` if its set belongs to this process, or nullptr,
// with errno set.
DevpollStandIn::Device* DevpollStandIn::find_own(int fd) {
  Device* const device = find(fd);
  if (device == nullptr) return nullptr;
  if (device->owner == 0) device->owner = ::getpid();
  if (device->owner == ::getpid()) return device;
  errno = EACCES;
  return nullptr;
}

ssize_t DevpollStandIn::write(int fd, std::span<const pollfd> changes) {
  const std::lock_guard lock(mutex_);
  Device* const device = find_own(fd);
  if (device == nullptr) return -1;
  if (changes.size() > most_descriptors()) return fail(EINVAL);
  for (const pollfd& change : changes) {
    if (change.fd < 0) continue;
    if (change.events == POLLREMOVE) {
      device->events.erase(change.fd);
    } else {
      short& events = device->events[change.fd];
      events = static_cast<short>(events | change.events);
    }
  }
  return static_cast<ssize_t>(changes.size_bytes());
}

int DevpollStandIn::ioctl(int fd, unsigned long request, void* argument) {
  if (argument == nullptr) return fail(EFAULT);
  switch (request) {
    case DP_POLL:
      return wait(fd, *static_cast<const dvpoll*>(argument));
    case DP_ISPOLLED:
      return is_polled(fd, *static_cast<pollfd*>(argument));
    default:
      return fail(EINVAL);
  }
}

// Waits, without holding the lock.
int DevpollStandIn::wait(int fd, const dvpoll& question) {
  std::optional<std::vector<pollfd>> watched = in_turn(fd);
  if (!watched) return -1;
  if (question.dp_nfds == 0) watched->clear();  // A plain sleep.
  const int ready = ::poll(watched->data(), watched->size(),
                           std::max(question.dp_timeout, -1));
  if (ready <= 0) return ready;
  return report(fd, *watched, {question.dp_fds, question.dp_nfds});
}

std::optional<std::vector<pollfd>> DevpollStandIn::in_turn(int fd) {
  const std::lock_guard lock(mutex_);
  Device* const device = find_own(fd);
  if (device == nullptr) return std::nullopt;
  std::vector<pollfd> watched;
  for (const auto& [number, events] : device->events) {
    watched.push_back({number, events, 0});
  }
  const auto first = std::find_if(
      watched.begin(), watched.end(),
      [&](const pollfd& entry) { return entry.fd >= device->next_turn; });
  std::rotate(watched.begin(), first, watched.end());
  return watched;
}

int DevpollStandIn::report(int fd, std::span<const pollfd> answers,
                           std::span<pollfd> room) {
  std::size_t count = 0;
  for (const pollfd& answer : answers) {
    if (count == room.size()) break;
    if (answer.revents != 0) room[count++] = answer;
  }
  const std::lock_guard lock(mutex_);
  Device* const device = find(fd);
  if (device != nullptr && count == room.size()) {
    device->next_turn = room.back().fd + 1;
  }
  return static_cast<int>(count);
}

int DevpollStandIn::is_polled(int fd, pollfd& entry) {
  const std::lock_guard lock(mutex_);
  Device* const device = find_own(fd);
  if (device == nullptr) return -1;
  const auto found = device->events.find(entry.fd);
  if (found == device->events.end()) return 0;
  entry.revents = found->second;
  return 1;
}

}  // namespace tests

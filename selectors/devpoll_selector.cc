// /dev/poll is a set of descriptors in the kernel. Writing pollfds to the
// device changes the set. Writing a descriptor that is in the set already adds
// events to those it has. So a change is a POLLREMOVE and an addition, in one
// write.

#include "selectors/devpoll_selector.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/devpoll.h"
#include "selectors/poll_events.h"
#include "selectors/refusal.h"

namespace selectors {
namespace {

using Native = PollEvents<POLLIN, POLLOUT, POLLPRI>;

pollfd addition(const SelectorKey& key) {
  return {key.fd, static_cast<short>(Native::question(key.events)), 0};
}

pollfd removal(int fd) { return {fd, POLLREMOVE, 0}; }

int open_devpoll() {
  const int fd = kernel::devpoll_open();
  if (fd < 0) throw make_os_error(errno, "open /dev/poll");
  return fd;
}

// Writes `changes` to the set. The write is all or nothing, and fails with
// EINTR while another write is in progress.
bool submit(int devpoll, std::span<const pollfd> changes) {
  for (;;) {
    if (kernel::devpoll_write(devpoll, changes)) return true;
    if (errno != EINTR) return false;
  }
}

OSError refusal(int error, const SelectorKey& key) {
  return make_os_error(error, "/dev/poll fd " + std::to_string(key.fd));
}

}  // namespace

DevpollSelector::DevpollSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_PRIORITY) {
  reserve_reports(events_.size());
  devpoll_ = open_devpoll();  // Last: a later throw would leak it.
}

DevpollSelector::~DevpollSelector() { close(); }

int DevpollSelector::fileno() const {
  check_open();
  note_watcher();
  return devpoll_;
}

std::optional<OSError> DevpollSelector::add(Registration& registration) {
  // /dev/poll would accept a closed number, and watch a later owner of it.
  if (auto refused = unwatchable(registration)) return refused;
  const pollfd changes[] = {addition(registration)};
  if (!submit(devpoll_, changes)) return refusal(errno, registration);
  return std::nullopt;
}

void DevpollSelector::change(Registration& registration, EventMask) {
  const pollfd changes[] = {removal(registration.fd), addition(registration)};
  if (submit(devpoll_, changes)) return;
  const int error = errno;
  remove(registration);
  throw refusal(error, registration);
}

void DevpollSelector::remove(const Registration& registration) noexcept {
  if (!is_inherited()) forget(registration.fd);
}

void DevpollSelector::forget(int fd) noexcept {
  const pollfd changes[] = {removal(fd)};
  submit(devpoll_, changes);
}

bool DevpollSelector::wait(const WaitLimit& timeout) {
  const auto report = [this](const pollfd& event) { report_event(event); };
  const bool answered = events_.fill(
      timeout,
      [this](pollfd* events, int room, const WaitLimit& t) {
        // The kernel refuses more room than there can be descriptors (EINVAL).
        const auto most = static_cast<int>(registrations().size());
        return kernel::devpoll_wait(devpoll_, events, std::clamp(most, 1, room),
                                    t);
      },
      report, report, [this] { reserve_reports(events_.size()); });
  if (answered) return true;
  if (errno == EINTR) return false;
  throw make_os_error(errno, "/dev/poll");
}

void DevpollSelector::report_event(const pollfd& event) {
  Registration* const registration = registrations().find(event.fd);
  if (registration == nullptr) {  // Left behind by a removal that failed.
    forget(event.fd);
    return;
  }
  const auto events = static_cast<unsigned short>(event.revents);
  report_native<Native, false>(*registration, events);
}

void DevpollSelector::close_kernel_object() noexcept {
  kernel::close(devpoll_);
}

// The inherited descriptor is the parent's set, which stays unchanged.
void DevpollSelector::renew_after_fork() {
  const int fresh = open_devpoll();
  kernel::close(devpoll_);
  devpoll_ = fresh;
  for (Registration* registration : registrations().by_fd()) {
    if (registration == nullptr) continue;
    if (!kernel::is_open(registration->fd)) continue;
    if (const auto refused = add(*registration)) throw *refused;
  }
}

}  // namespace selectors

#include "selectors/poll_selector.h"

#include <poll.h>

#include <cerrno>

#include "selectors/errors.h"
#include "selectors/kernel/posix.h"
#include "selectors/poll_events.h"
#include "selectors/refusal.h"

namespace selectors {

namespace {

using Native = PollEvents<POLLIN, POLLOUT, POLLPRI>;

short wanted(const SelectorKey& key) {
  return static_cast<short>(Native::question(key.events));
}

}  // namespace

PollSelector::PollSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_PRIORITY) {}

PollSelector::~PollSelector() { close(); }

std::optional<OSError> PollSelector::add(Registration& registration) {
  if (auto refusal = unwatchable(registration)) return refusal;
  registration.backend_data = static_cast<std::uint32_t>(fds_.size());
  fds_.push_back({registration.fd, wanted(registration), 0});
  return std::nullopt;
}

void PollSelector::change(Registration& registration, EventMask) {
  fds_[registration.backend_data].events = wanted(registration);
}

// The last entry moves into the gap, so that the array stays dense.
void PollSelector::remove(const Registration& registration) noexcept {
  const pollfd last = fds_.back();
  fds_[registration.backend_data] = last;
  registrations().find(last.fd)->backend_data = registration.backend_data;
  fds_.pop_back();
}

bool PollSelector::wait(const WaitLimit& timeout) {
  int left = kernel::poll(fds_.data(), fds_.size(), timeout);
  if (left < 0) {
    if (errno == EINTR) return false;
    throw make_os_error(
        errno, "poll of " + std::to_string(fds_.size()) + " descriptors");
  }
  reserve_reports(left);
  for (const pollfd& entry : fds_) {
    if (left == 0) break;
    if (entry.revents == 0) continue;
    --left;
    const auto events = static_cast<unsigned short>(entry.revents);
    report_native<Native, true>(*registrations().find(entry.fd), events);
  }
  return true;
}

}  // namespace selectors

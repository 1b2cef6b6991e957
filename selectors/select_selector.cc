#include "selectors/select_selector.h"

#include <sys/select.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <string>

#include "selectors/kernel.h"

namespace selectors {

struct SelectSelector::Sets {
  Sets() {
    FD_ZERO(&readers);
    FD_ZERO(&writers);
  }
  fd_set readers;
  fd_set writers;
};

namespace {

// An fd_set is a bitmap: looked at 64 descriptors at a time, mostly zeros.
using Words = std::array<std::uint64_t, sizeof(fd_set) / sizeof(std::uint64_t)>;
static_assert(sizeof(Words) == sizeof(fd_set));

}  // namespace

SelectSelector::SelectSelector()
    : BaseSelectorImpl(Modifiers::kNone), watched_(std::make_unique<Sets>()) {}

SelectSelector::~SelectSelector() { close(); }

void SelectSelector::add(Registration& registration) {
  if (registration.fd >= FD_SETSIZE) {
    throw ValueError("fd " + std::to_string(registration.fd) +
                     " is too high for select(), which has room for numbers "
                     "below " +
                     std::to_string(FD_SETSIZE) + "; use another selector");
  }
  change(registration, 0);
  nfds_ = std::max(nfds_, registration.fd + 1);
}

void SelectSelector::change(Registration& registration, EventMask) {
  const int fd = registration.fd;
  FD_CLR(fd, &watched_->readers);
  FD_CLR(fd, &watched_->writers);
  if (registration.events & EVENT_READ) FD_SET(fd, &watched_->readers);
  if (registration.events & EVENT_WRITE) FD_SET(fd, &watched_->writers);
}

void SelectSelector::remove(const Registration& registration) noexcept {
  FD_CLR(registration.fd, &watched_->readers);
  FD_CLR(registration.fd, &watched_->writers);
  const auto watched = [this](int fd) {
    return FD_ISSET(fd, &watched_->readers) || FD_ISSET(fd, &watched_->writers);
  };
  while (nfds_ > 0 && !watched(nfds_ - 1)) --nfds_;
}

bool SelectSelector::wait(const Timeout& timeout) {
  fd_set readable;
  fd_set writable;
  const int count = kernel::pselect(nfds_, watched_->readers, watched_->writers,
                                    &readable, &writable, timeout);
  if (count < 0) {
    if (errno == EINTR) return false;
    throw_refused(errno);
  }
  if (count == 0) return true;
  const auto readers = std::bit_cast<Words>(readable);
  const auto writers = std::bit_cast<Words>(writable);
  for (std::size_t word = 0; word < readers.size(); ++word) {
    for (std::uint64_t left = readers[word] | writers[word]; left != 0;
         left &= left - 1) {
      const int bit = std::countr_zero(left);
      const EventMask events = (readers[word] >> bit & 1 ? EVENT_READ : 0) |
                               (writers[word] >> bit & 1 ? EVENT_WRITE : 0);
      const int fd = static_cast<int>(64 * word) + bit;
      report(*registrations().find(fd), events);
    }
  }
  return true;
}

// select() says that one of them is bad, not which.
void SelectSelector::throw_refused(int error) const {
  std::string what = "select";
  for (const Registration* registration : registrations().by_fd()) {
    if (registration == nullptr || kernel::is_open(registration->fd)) continue;
    what += ": " + registration->fileobj.repr() +
            " was closed while registered; unregister it first";
    break;
  }
  throw make_os_error(error, what);
}

}  // namespace selectors

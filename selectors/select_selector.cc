#include "selectors/select_selector.h"

#include <sys/select.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/posix.h"
#include "selectors/refusal.h"

namespace selectors {

struct SelectSelector::Sets {
  // An fd_set that keeps the number of its elements.
  class Set {
   public:
    bool contains(int fd) const { return FD_ISSET(fd, &fds_); }

    void put(int fd, bool present) {
      size_ += present - contains(fd);
      if (present) {
        FD_SET(fd, &fds_);
      } else {
        FD_CLR(fd, &fds_);
      }
    }

    // Returns the argument for the kernel: nullptr if the set is empty. The
    // kernel copies and walks each set that it gets; an empty set makes a poll
    // of few descriptors take a fifth longer.
    const fd_set* question() const { return size_ > 0 ? &fds_ : nullptr; }

   private:
    fd_set fds_{};
    int size_ = 0;
  };

  Set readers;
  Set writers;
  Set exceptional;
  fd_set raised{};  // The last answer of the exceptional.
};

namespace {

// An fd_set is a bitmap, mostly of zeros: the loop below reads 64 descriptors
// at a time.
using Words = std::array<std::uint64_t, sizeof(fd_set) / sizeof(std::uint64_t)>;
static_assert(sizeof(Words) == sizeof(fd_set));
static_assert(std::endian::native == std::endian::little,
              "bit n of an fd_set is bit n of these words");

}  // namespace

SelectSelector::SelectSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_PRIORITY),
      watched_(std::make_unique<Sets>()) {}

SelectSelector::~SelectSelector() { close(); }

std::optional<OSError> SelectSelector::add(Registration& registration) {
  if (registration.fd >= FD_SETSIZE) {
    throw ValueError("fd " + std::to_string(registration.fd) +
                     " is too high for select(), which has room for numbers "
                     "below " +
                     std::to_string(FD_SETSIZE) + "; use another selector");
  }
  if (auto refusal = unwatchable(registration)) return refusal;
  watch(registration, registration.events);
  nfds_ = std::max(nfds_, registration.fd + 1);
  return std::nullopt;
}

void SelectSelector::change(Registration& registration, EventMask) {
  watch(registration, registration.events);
}

void SelectSelector::remove(const Registration& registration) noexcept {
  watch(registration, 0);
  while (nfds_ > 0 && !watched_->readers.contains(nfds_ - 1) &&
         !watched_->writers.contains(nfds_ - 1) &&
         !watched_->exceptional.contains(nfds_ - 1)) {
    --nfds_;
  }
}

void SelectSelector::watch(const Registration& registration, EventMask events) {
  watched_->readers.put(registration.fd, events & EVENT_READ);
  watched_->writers.put(registration.fd, events & EVENT_WRITE);
  watched_->exceptional.put(registration.fd, events & EVENT_PRIORITY);
}

bool SelectSelector::wait(const WaitLimit& timeout) {
  fd_set readable{};
  fd_set writable{};
  const int count = kernel::pselect(nfds_, watched_->readers.question(),
                                    watched_->writers.question(),
                                    watched_->exceptional.question(), &readable,
                                    &writable, &watched_->raised, timeout);
  if (count < 0) {
    if (errno == EINTR) return false;
    throw_refused(errno);
  }
  if (count == 0) return true;
  reserve_reports(count);  // A descriptor counts once for each of its sets.
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
  if (watched_->exceptional.question() != nullptr) report_raised();
  return true;
}

// A loop of its own, so that programs without EVENT_PRIORITY pay nothing.
void SelectSelector::report_raised() {
  for (int fd = 0; fd < nfds_; ++fd) {
    if (!FD_ISSET(fd, &watched_->raised)) continue;
    report(*registrations().find(fd), EVENT_PRIORITY);
  }
}

// Names the closed descriptor: select() says that there is one, not which.
void SelectSelector::throw_refused(int error) const {
  for (const Registration* registration : registrations().by_fd()) {
    if (registration == nullptr || kernel::is_open(registration->fd)) continue;
    throw make_os_error(error, "select: " + registration->fileobj.repr() +
                                   " was closed while registered; unregister "
                                   "it first");
  }
  throw make_os_error(error, "select");
}

}  // namespace selectors

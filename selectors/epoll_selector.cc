// epoll keeps the interest list in the kernel. A list entry is not found by a
// descriptor number but by the pair (open file, number), and it lives until the
// *open file* is gone, not the number. So, with a dup() around:
//
//   epoll_ctl(epfd, ADD, 5)   entry (file A, 5)
//   other = dup(5); close(5)  A is still open: the entry stays, events go on
//   5 = open(...)             the number now means file B
//   epoll_ctl(epfd, DEL, 5)   ENOENT: there is no entry (B, 5), and no way left
//                             to name (A, 5)
//
// Python hands the events of A to whoever is registered as 5. What this means
// for us:
//   - Each registration has a generation. An entry carries (fd, generation),
//     and an event whose pair is not registered is a stray, never reported.
//   - A stray that stays ready would wake every wait. Since it cannot be
//     deleted, the whole instance is replaced by a new one, to which all but
//     the strays move (an idea of libev's). That takes two calls for each
//     registration.
//   - A stray of an EVENT_ONESHOT registration wakes one wait at most and then
//     lies dead. An entry says whether it is of that kind, and for its sake
//     nothing is replaced.
//   - Another selector that watches this one must not be left with the old
//     instance. So fileno() gives a second instance, with nothing in it but the
//     first.
//   - Adding (B, 5) may meet a leftover (B, 5), from a time when B had that
//     number before: EEXIST. The leftover is taken over.
//   - What is closed without being unregistered twice over, first B and then A
//     with the same number, and then gets that number back by dup2() of B, is
//     beyond telling: B's events go to the registration of A.

#include "selectors/epoll_selector.h"

#include <cerrno>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/describe.h"
#include "selectors/kernel/epoll.h"
#include "selectors/kernel/posix.h"
#include "selectors/poll_events.h"
#include "selectors/refusal.h"

namespace selectors {
namespace {

// A backend_data is a generation, shifted by one bit, and this bit for
// EVENT_ONESHOT.
constexpr std::uint32_t kOnce = 1;

// The backend_data of an EVENT_ONESHOT registration that has been reported, and
// whose entry therefore lies dead in the kernel until modify() revives it.
constexpr std::uint32_t kSpent = 0 | kOnce;

int make_epoll() {
  const int epfd = kernel::epoll_create1(EPOLL_CLOEXEC);
  if (epfd < 0) throw make_os_error(errno, "epoll_create1");
  return epfd;
}

void watch_inner(int outer, int inner) {
  epoll_event entry{};
  entry.events = EPOLLIN;
  if (kernel::epoll_ctl(outer, EPOLL_CTL_ADD, inner, &entry) == 0) return;
  throw make_os_error(errno, "epoll_ctl ADD of an instance to another");
}

// An instance that is readable when `inner` is.
int make_outer(int inner) {
  const int outer = make_epoll();
  try {
    watch_inner(outer, inner);
  } catch (...) {
    kernel::close(outer);
    throw;
  }
  return outer;
}

// Makes the number `to` mean what `from` means, which is closed.
void move_to(int from, int to) {
  const int moved = kernel::dup3(from, to, O_CLOEXEC);
  const int error = errno;
  kernel::close(from);
  if (moved < 0) throw make_os_error(error, "dup3");
}

epoll_event entry_for(const Registration& registration) {
  epoll_event entry{};
  entry.data.u64 = static_cast<std::uint64_t>(registration.backend_data) << 32 |
                   static_cast<std::uint32_t>(registration.fd);
  if (registration.backend_data == kSpent) {
    entry.events = EPOLLONESHOT;  // Asks for nothing; EPOLLHUP comes anyway.
    return entry;
  }
  entry.events = to_native<EPOLLIN, EPOLLOUT>(registration.events);
  if (registration.events & EVENT_EDGE) entry.events |= EPOLLET;
  if (registration.events & EVENT_ONESHOT) entry.events |= EPOLLONESHOT;
  return entry;
}

OSError refusal(const char* operation, int fd, int error) {
  std::string what;
  append(what, "epoll_ctl ", operation, " fd ", fd);
  if (error == EPERM) {
    what += " (epoll cannot wait for it; poll and select call it always ready)";
  } else if (error == EBADF) {
    what += why_bad(fd);
  } else if (error == ELOOP) {
    what += " (a selector that watches itself, or too many in one another)";
  } else if (error == ENOSPC) {
    what += " (the limit is /proc/sys/fs/epoll/max_user_watches)";
  }
  return make_os_error(error, what);
}

}  // namespace

EpollSelector::EpollSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_EDGE | EVENT_ONESHOT) {
  reserve_reports(events_.size());
  epfd_ = make_epoll();  // Last of all: what came after could leak it.
}

EpollSelector::~EpollSelector() { close(); }

int EpollSelector::fileno() const {
  check_open();
  if (outer_ < 0) outer_ = make_outer(epfd_);
  note_watcher();
  return outer_;
}

std::optional<OSError> EpollSelector::add(Registration& registration) {
  registration.backend_data = next_mark(registration);
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_ADD, fd, &entry) == 0) return {};
  if (errno == EEXIST &&  // A leftover of ours: nobody else adds to this list.
      kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) {
    return {};
  }
  return refusal("ADD", fd, errno);
}

void EpollSelector::change(Registration& registration, EventMask old_events) {
  const EventMask changed = old_events ^ registration.events;
  if (registration.backend_data == kSpent || (changed & EVENT_ONESHOT) != 0) {
    registration.backend_data = next_mark(registration);
  }
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) return;
  const int error = errno;
  remove(registration);
  throw refusal("MOD", fd, error);
}

// If the number still means the file of the entry, or means one of which there
// is a leftover, the entry is taken over. Events of the generation before are
// strays from now on.
std::optional<OSError> EpollSelector::renew(Registration& registration) {
  registration.backend_data = next_mark(registration);
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) return {};
  if (errno != ENOENT) return refusal("MOD", fd, errno);
  return add(registration);
}

void EpollSelector::remove(const Registration& registration) noexcept {
  if (is_inherited()) return;
  // Fails if the number was closed or has a new owner: then there is nothing to
  // delete, or a stray, which wait() deals with.
  kernel::epoll_ctl(epfd_, EPOLL_CTL_DEL, registration.fd, nullptr);
}

inline int EpollSelector::ask(epoll_event* events, int room,
                              const WaitLimit& timeout) {
  const bool milliseconds_will_do =
      timeout.waits_forever() || timeout.is_poll();
  if (has_nanoseconds_ && !milliseconds_will_do) {
    const int count = kernel::epoll_pwait2(epfd_, events, room, timeout);
    // EPERM is what a sandbox answers to a call that it has never heard of.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_nanoseconds_ = false;
  }
  return kernel::epoll_wait(epfd_, events, room, timeout);
}

inline void EpollSelector::report_event(const epoll_event& event) {
  const auto fd = static_cast<int>(event.data.u64 & 0xffffffff);
  const auto backend_data = static_cast<std::uint32_t>(event.data.u64 >> 32);
  Registration* const registration = registrations().find(fd);
  if (registration == nullptr || registration->backend_data != backend_data) {
    if ((backend_data & kOnce) == 0) has_strays_ = true;
    return;
  }
  if (backend_data == kSpent) return;
  report(*registration, from_native<EPOLLIN, EPOLLOUT>(event.events));
  if (registration->events & EVENT_ONESHOT) registration->backend_data = kSpent;
}

bool EpollSelector::wait(const WaitLimit& timeout) {
  if (has_strays_) {
    try {
      replace_instance();
    } catch (const OSError&) {
      // No descriptor to spare, say. Strays cost time, not truth: go on, and
      // try again at the next wait.
    }
  }
  const bool answered = events_.fill(
      timeout,
      [this](epoll_event* events, int room, const WaitLimit& t) {
        return ask(events, room, t);
      },
      [this](const epoll_event& event) { report_event(event); },
      [this] { reserve_reports(events_.size()); });
  if (answered) return true;
  if (errno == EINTR) return false;
  throw make_os_error(errno, "epoll_wait");
}

void EpollSelector::close_kernel_object() noexcept {
  if (outer_ >= 0) kernel::close(outer_);
  kernel::close(epfd_);
}

// The parent's outer instance must not change: the child gets another first.
void EpollSelector::renew_after_fork() {
  if (outer_ >= 0) move_to(make_epoll(), outer_);
  replace_instance();
}

std::uint32_t EpollSelector::next_mark(const Registration& registration) {
  constexpr std::uint32_t kGenerations = 0x7fffffff;
  last_generation_ = last_generation_ % kGenerations + 1;  // Never 0.
  const bool once = (registration.events & EVENT_ONESHOT) != 0;
  return last_generation_ << 1 | (once ? kOnce : 0);
}

// Is there an entry (the file that `fd` means now, fd)? Adding what is there
// already is refused, and changes nothing.
bool EpollSelector::is_watched(int fd) {
  epoll_event probe{};
  // Nobody's, and no EVENT_ONESHOT: should it stay, it is a stray.
  probe.data.u64 = ~(std::uint64_t{kOnce} << 32);
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_ADD, fd, &probe) != 0) {
    return errno == EEXIST;
  }
  kernel::epoll_ctl(epfd_, EPOLL_CTL_DEL, fd, nullptr);
  return false;
}

// Moves what is watched to a new instance, which takes over the number epfd_.
void EpollSelector::replace_instance() {
  const int fresh = make_epoll();
  for (const Registration* registration : registrations().by_fd()) {
    if (registration == nullptr || !is_watched(registration->fd)) continue;
    epoll_event entry = entry_for(*registration);
    if (kernel::epoll_ctl(fresh, EPOLL_CTL_ADD, registration->fd, &entry) < 0) {
      const int error = errno;
      kernel::close(fresh);
      throw refusal("ADD", registration->fd, error);
    }
  }
  // Not left to the closing of the old one, of which a child may have a copy.
  if (outer_ >= 0) kernel::epoll_ctl(outer_, EPOLL_CTL_DEL, epfd_, nullptr);
  move_to(fresh, epfd_);
  if (outer_ >= 0) watch_inner(outer_, epfd_);
  has_strays_ = false;
}

}  // namespace selectors

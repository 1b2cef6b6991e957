// epoll keeps the interest list in the kernel. An entry is identified not by a
// descriptor number but by the pair (open file, number). The entry lives until
// the *open file* is gone, not the number. So, with a dup() around:
//
//   epoll_ctl(epfd, ADD, 5)   entry (file A, 5)
//   other = dup(5); close(5)  A is still open: the entry stays, events go on
//   5 = open(...)             the number now means file B
//   epoll_ctl(epfd, DEL, 5)   ENOENT: there is no entry (B, 5), and no way left
//                             to name (A, 5)
//
// Python reports the events of A to the registration of 5. The consequences for
// us:
//   - Each registration has a generation. An entry carries (fd, generation). An
//     event whose pair is not registered is a stray and never reported.
//   - A stray that stays ready would wake every wait, and cannot be deleted. So
//     a new instance replaces the old one, and all entries but the strays move
//     (an idea of libev's). That takes two calls for each registration.
//   - A stray of an EVENT_ONESHOT registration wakes at most one wait and is
//     disarmed then. The entry records this kind, and such a stray causes no
//     replacement.
//   - Another selector that watches this one must not be left with the old
//     instance. So fileno() returns a second instance, which contains only the
//     first.
//   - Adding (B, 5) may meet a leftover (B, 5), from a time when B had that
//     number before: EEXIST. The new registration takes the leftover over.
//   - One case cannot be distinguished. First B and then A are closed under the
//     same number without being unregistered, and dup2() of B opens that number
//     again. Then the events of B go to the registration of A.

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

using Native = PollEvents<EPOLLIN, EPOLLOUT, EPOLLPRI>;

// A backend_data is a generation, which is even, or kSpent. In the entry of an
// EVENT_ONESHOT registration the lowest bit of the generation is set.
constexpr std::uint32_t kOnce = 1;
constexpr std::uint32_t kOneGeneration = 2;
constexpr std::uint32_t kLastGeneration = 0xfffffffe;

// The backend_data of an EVENT_ONESHOT registration that has been reported. Its
// entry in the kernel is disarmed until modify() arms it again.
constexpr std::uint32_t kSpent = 1;

// In the place of a backend_data: the entry of a kSpent registration in a new
// instance. It reports EPOLLHUP, although disarmed, to no registration.
constexpr std::uint32_t kNobody = kLastGeneration | kOnce;

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

// Returns an instance that is readable when `inner` is.
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

// Makes the number `to` mean the file of `from`, and closes `from`.
void move_to(int from, int to) {
  const int moved = kernel::dup3(from, to, O_CLOEXEC);
  const int error = errno;
  kernel::close(from);
  if (moved < 0) throw make_os_error(error, "dup3");
}

std::uint64_t mark(std::uint32_t backend_data, int fd) {
  return std::uint64_t{backend_data} << 32 | static_cast<std::uint32_t>(fd);
}

epoll_event entry_for(const Registration& registration) {
  epoll_event entry{};
  if (registration.backend_data == kSpent) {
    entry.data.u64 = mark(kNobody, registration.fd);
    entry.events = EPOLLONESHOT;
    return entry;
  }
  const bool once = (registration.events & EVENT_ONESHOT) != 0;
  entry.data.u64 =
      mark(registration.backend_data | (once ? kOnce : 0), registration.fd);
  entry.events = Native::question(registration.events);
  if (registration.events & EVENT_EDGE) entry.events |= EPOLLET;
  if (once) entry.events |= EPOLLONESHOT;
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
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_PRIORITY | EVENT_EDGE |
                       EVENT_ONESHOT) {
  reserve_reports(events_.size());
  epfd_ = make_epoll();  // Last: a later throw would leak it.
}

EpollSelector::~EpollSelector() { close(); }

int EpollSelector::fileno() const {
  check_open();
  if (outer_ < 0) outer_ = make_outer(epfd_);
  note_watcher();
  return outer_;
}

std::optional<OSError> EpollSelector::add(Registration& registration) {
  registration.backend_data = next_generation();
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_ADD, fd, &entry) == 0) return {};
  if (errno == EEXIST &&  // A leftover: only this selector adds entries.
      kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) {
    return {};
  }
  return refusal("ADD", fd, errno);
}

void EpollSelector::change(Registration& registration, EventMask) {
  registration.backend_data = next_generation();
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) return;
  const int error = errno;
  remove(registration);
  throw refusal("MOD", fd, error);
}

// If there is an entry for the number and the file it means now, takes that
// entry over. Events of the earlier generation are strays from now on.
std::optional<OSError> EpollSelector::renew(Registration& registration) {
  registration.backend_data = next_generation();
  epoll_event entry = entry_for(registration);
  const int fd = registration.fd;
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_MOD, fd, &entry) == 0) return {};
  if (errno != ENOENT) return refusal("MOD", fd, errno);
  return add(registration);
}

void EpollSelector::remove(const Registration& registration) noexcept {
  if (is_inherited()) return;
  // Fails if the number was closed or has a new owner. Then there is nothing to
  // delete, or a stray, which wait() handles.
  kernel::epoll_ctl(epfd_, EPOLL_CTL_DEL, registration.fd, nullptr);
}

inline int EpollSelector::ask(epoll_event* events, int room,
                              const WaitLimit& timeout) {
  const bool milliseconds_will_do =
      timeout.waits_forever() || timeout.is_poll();
  if (has_nanoseconds_ && !milliseconds_will_do) {
    const int count = kernel::epoll_pwait2(epfd_, events, room, timeout);
    // A sandbox answers EPERM to a call that it does not know.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_nanoseconds_ = false;
  }
  return kernel::epoll_wait(epfd_, events, room, timeout);
}

template <bool kIsFirst>
inline void EpollSelector::report_event(const epoll_event& event) {
  const auto fd = static_cast<int>(event.data.u64 & 0xffffffff);
  const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
  Registration* const registration = registrations().find(fd);
  if (registration == nullptr || registration->backend_data != generation)
      [[unlikely]] {
    return report_odd(registration, generation, event.events);
  }
  report_native<Native, kIsFirst>(*registration, event.events);
}

// Reports the event of an EVENT_ONESHOT registration, or notes a stray.
void EpollSelector::report_odd(Registration* registration,
                               std::uint32_t generation, unsigned answer) {
  if ((generation & kOnce) == 0) {
    has_strays_ = true;
  } else if (registration != nullptr &&
             registration->backend_data == (generation & ~kOnce)) {
    report_native<Native, false>(*registration, answer);
    registration->backend_data = kSpent;
  }
}

bool EpollSelector::wait(const WaitLimit& timeout) {
  if (has_strays_) {
    try {
      replace_instance();
    } catch (const OSError&) {
      // No free descriptor, for example. Strays cost time but report nothing
      // wrong: continue, and try again at the next wait.
    }
  }
  const bool answered = events_.fill(
      timeout,
      [this](epoll_event* events, int room, const WaitLimit& t) {
        return ask(events, room, t);
      },
      [this](const epoll_event& event) { report_event<true>(event); },
      [this](const epoll_event& event) { report_event<false>(event); },
      [this] { reserve_reports(events_.size()); });
  if (answered) return true;
  if (errno == EINTR) return false;
  throw make_os_error(errno, "epoll_wait");
}

void EpollSelector::close_kernel_object() noexcept {
  if (outer_ >= 0) kernel::close(outer_);
  kernel::close(epfd_);
}

// The parent's outer instance must not change, so the child gets a new one
// first.
void EpollSelector::renew_after_fork() {
  if (outer_ >= 0) move_to(make_epoll(), outer_);
  replace_instance();
}

// Each call that adds or changes an entry takes another generation. So no two
// entries have the same one, and one answer of the kernel names a registration
// once. The numbers begin again after 2^31 calls; then an entry that has stayed
// behind since could be taken for a later one of the same descriptor.
std::uint32_t EpollSelector::next_generation() {
  last_generation_ += kOneGeneration;
  if (last_generation_ >= kLastGeneration) last_generation_ = kOneGeneration;
  return last_generation_;
}

// Returns whether there is an entry for (the file that `fd` means now, fd).
// Adding an entry that exists is refused, and changes nothing.
bool EpollSelector::is_watched(int fd) {
  epoll_event probe{};
  // Belongs to no registration, and is no EVENT_ONESHOT: if the entry should
  // stay, it is a stray.
  probe.data.u64 = ~(std::uint64_t{kOnce} << 32);
  if (kernel::epoll_ctl(epfd_, EPOLL_CTL_ADD, fd, &probe) != 0) {
    return errno == EEXIST;
  }
  kernel::epoll_ctl(epfd_, EPOLL_CTL_DEL, fd, nullptr);
  return false;
}

// Moves the entries of all registrations to a new instance, which takes over
// the number epfd_.
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
  // Deleted explicitly: closing the old instance does not delete this entry
  // while a child has a copy of the descriptor.
  if (outer_ >= 0) kernel::epoll_ctl(outer_, EPOLL_CTL_DEL, epfd_, nullptr);
  move_to(fresh, epfd_);
  if (outer_ >= 0) watch_inner(outer_, epfd_);
  has_strays_ = false;
}

}  // namespace selectors

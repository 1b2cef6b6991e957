// kqueue asks one question per filter: "readable?" and "writable?" are two
// entries for the same descriptor, added and told apart from each other. What
// this means for us:
//   - Both are submitted in one call. With EV_RECEIPT the kernel answers each
//     change by itself (EV_ERROR, and an errno that may be 0), so that if the
//     second is refused, the first can be taken back.
//   - Both may come out of one wait, and go into one report; see report().
//   - EV_ONESHOT deletes the filter that fired, not the other one.
//   - Deleting a filter that is not there (fired, or the descriptor closed) is
//     ENOENT, and fine.
// Unlike epoll, a kqueue forgets a number when it is closed, whatever dup()s of
// the file there are: no event ever comes for an earlier owner of a number.

#include "selectors/kqueue_selector.h"

#include <cerrno>
#include <string>

#include "selectors/kqueue_kernel.h"

namespace selectors {
namespace {

using Kevent = struct ::kevent;

// Registration::mark of an EVENT_ONESHOT registration that has been reported,
// and waits for modify().
constexpr std::uint32_t kSpent = 1;

// Up to four changes of one descriptor.
class Changes {
 public:
  // Adds `flags` for the filters of `events`.
  void append(int fd, EventMask events, unsigned flags) {
    if (events & EVENT_READ) append_filter(fd, EVFILT_READ, flags);
    if (events & EVENT_WRITE) append_filter(fd, EVFILT_WRITE, flags);
  }
  std::span<Kevent> all() { return std::span(changes_).first(count_); }

 private:
  void append_filter(int fd, int filter, unsigned flags) {
    EV_SET(&changes_[count_++], static_cast<uintptr_t>(fd),
           static_cast<short>(filter),
           static_cast<unsigned short>(flags | EV_RECEIPT), 0, 0, nullptr);
  }

  Kevent changes_[4];
  std::size_t count_ = 0;
};

unsigned add_flags(EventMask events) {
  return EV_ADD | (events & EVENT_EDGE ? EV_CLEAR : 0u) |
         (events & EVENT_ONESHOT ? EV_ONESHOT : 0u);
}

}  // namespace

KqueueSelector::KqueueSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_EDGE | EVENT_ONESHOT),
      kq_(kernel::kqueue()) {
  if (kq_ < 0) throw make_os_error(errno, "kqueue");
  reserve_reports(events_.size());
}

KqueueSelector::~KqueueSelector() { close(); }

int KqueueSelector::fileno() const {
  check_open();
  return kq_;
}

void KqueueSelector::add(Registration& registration) {
  change(registration, 0);
}

void KqueueSelector::change(Registration& registration, EventMask old_events) {
  Changes changes;
  changes.append(registration.fd, old_events, EV_DELETE);
  changes.append(registration.fd, registration.events,
                 add_flags(registration.events));
  if (const int error = submit(changes.all())) {
    remove(registration);
    throw make_os_error(error, "kevent fd " + std::to_string(registration.fd));
  }
  registration.mark = 0;
}

void KqueueSelector::remove(const Registration& registration) noexcept {
  Changes changes;
  changes.append(registration.fd, EVENT_READ | EVENT_WRITE, EV_DELETE);
  submit(changes.all());
}

bool KqueueSelector::wait(const Timeout& timeout) {
  const bool answered = events_.fill(
      timeout,
      [this](Kevent* events, int room, const Timeout& t) {
        return kernel::kevent(kq_, nullptr, 0, events, room, t);
      },
      [this](const Kevent& event) { report_event(event); },
      [this] { reserve_reports(events_.size()); });
  if (answered) return true;
  if (errno == EINTR) return false;
  throw make_os_error(errno, "kevent");
}

void KqueueSelector::close_kernel_object() noexcept { kernel::close(kq_); }

// A kqueue is not inherited: in the child its number is closed.
void KqueueSelector::renew_after_fork() {
  const int fresh = kernel::kqueue();
  if (fresh < 0) throw make_os_error(errno, "kqueue");
  kq_ = fresh;
  for (Registration* registration : registrations().by_fd()) {
    if (registration == nullptr || registration->mark == kSpent) continue;
    Changes changes;
    changes.append(registration->fd, registration->events,
                   add_flags(registration->events));
    submit(changes.all());  // Fails if it is closed: then it was not watched.
  }
}

// Returns 0, or the errno of the first change that failed in earnest.
int KqueueSelector::submit(std::span<Kevent> changes) noexcept {
  // The answers overwrite the questions, which kevent() allows.
  const int size = static_cast<int>(changes.size());
  int count;
  do {
    count = kernel::kevent(kq_, changes.data(), size, changes.data(), size,
                           Timeout::nanoseconds::zero());
  } while (count < 0 && errno == EINTR);  // Submitting twice does no harm.
  if (count < 0) return errno;
  for (const Kevent& answer : changes) {
    if (answer.data != 0 && answer.data != ENOENT) {
      return static_cast<int>(answer.data);
    }
  }
  return 0;
}

void KqueueSelector::report_event(const Kevent& event) {
  Registration* const registration =
      registrations().find(static_cast<int>(event.ident));
  if (registration == nullptr) return;
  report(*registration, event.filter == EVFILT_READ ? EVENT_READ : EVENT_WRITE);
  const EventMask both = EVENT_READ | EVENT_WRITE;
  if ((registration->events & EVENT_ONESHOT) == 0) return;
  if ((registration->events & both) == both) remove(*registration);
  registration->mark = kSpent;
}

}  // namespace selectors

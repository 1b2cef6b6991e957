// kqueue has one filter per event: "readable?" and "writable?" are two entries
// for the same descriptor, and are added and reported separately. The
// consequences for us:
//   - Both are submitted in one call. With EV_RECEIPT the kernel answers each
//     change separately: EV_ERROR, and an errno that may be 0. So if the second
//     is refused, the first can be taken back.
//   - Both may come out of one wait, and go into one report; see report().
//   - EV_ONESHOT deletes the filter that fired, not the other one.
//   - Deleting a filter that is not there (it fired) is ENOENT, and fine.
//   - Adding a filter again keeps its old flags on some systems, so a change is
//     a deletion and an addition, in one call.
//   - A pipe without a reader cannot be watched for writing on FreeBSD (EPIPE)
//     and NetBSD (EBADF): register_() throws where other kernels report the
//     pipe as ready.
//
// Unlike epoll, a kqueue forgets a number when it is closed, even if there are
// dup()s of the file: no event ever comes for an earlier owner of a number. A
// kqueue is not inherited by fork(): in the child its number is closed.

#include "selectors/kqueue_selector.h"

#include <cerrno>
#include <cstdint>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/kqueue.h"
#include "selectors/kernel/posix.h"
#include "selectors/refusal.h"

namespace selectors {
namespace {

using Kevent = struct ::kevent;

// Registration::backend_data of an EVENT_ONESHOT registration that has been
// reported, and waits for modify().
constexpr std::uint32_t kSpent = 1;

constexpr EventMask kBoth = EVENT_READ | EVENT_WRITE;

// Up to four changes of one descriptor, to be submitted in one call.
class Changes {
 public:
  explicit Changes(int fd) : fd_(fd) {}

  void remove(EventMask events) { append(events, EV_DELETE); }

  void add(EventMask events) {
    append(events, EV_ADD | (events & EVENT_EDGE ? EV_CLEAR : 0u) |
                       (events & EVENT_ONESHOT ? EV_ONESHOT : 0u));
  }

  // Submits the changes. Returns 0, or the errno of the first change that
  // failed; deleting a filter that is not there is no failure.
  int submit(int kq) const {
    const int size = static_cast<int>(size_);
    Kevent answers[kMost];
    int count;
    do {
      count = kernel::kevent(kq, changes_, size, answers, size,
                             WaitLimit::nanoseconds::zero());
    } while (count < 0 && errno == EINTR);  // Submitting twice does no harm.
    if (count < 0) return errno;
    for (int i = 0; i < count; ++i) {
      const bool was_there = answers[i].data != ENOENT;
      if (!was_there && (changes_[i].flags & EV_DELETE) != 0) continue;
      if (answers[i].data != 0) return static_cast<int>(answers[i].data);
    }
    return 0;
  }

 private:
  static constexpr std::size_t kMost = 4;

  void append(EventMask events, unsigned flags) {
    if (events & EVENT_READ) append_filter(EVFILT_READ, flags);
    if (events & EVENT_WRITE) append_filter(EVFILT_WRITE, flags);
  }
  void append_filter(int filter, unsigned flags) {
    EV_SET(&changes_[size_++], static_cast<uintptr_t>(fd_),
           static_cast<short>(filter),
           static_cast<unsigned short>(flags | EV_RECEIPT), 0, 0, nullptr);
  }

  const int fd_;
  Kevent changes_[kMost];
  std::size_t size_ = 0;
};

int make_kqueue() {
  const int kq = kernel::kqueue();
  if (kq < 0) throw make_os_error(errno, "kqueue");
  kernel::close_on_exec(kq);
  return kq;
}

OSError refusal(int error, int fd) {
  const std::string why = error == EBADF ? why_bad(fd) : "";
  return make_os_error(error, "kevent fd " + std::to_string(fd) + why);
}

}  // namespace

KqueueSelector::KqueueSelector()
    : BaseSelectorImpl(EVENT_READ | EVENT_WRITE | EVENT_EDGE | EVENT_ONESHOT),
      owner_(kernel::getpid()) {
  reserve_reports(events_.size());
  kq_ = make_kqueue();  // Last: a later throw would leak it.
}

KqueueSelector::~KqueueSelector() { close(); }

int KqueueSelector::fileno() const {
  check_open();
  note_watcher();
  return kq_;
}

std::optional<OSError> KqueueSelector::add(Registration& registration) {
  return replace(registration, 0);
}

void KqueueSelector::change(Registration& registration, EventMask old_events) {
  if (const auto refused = replace(registration, old_events)) throw *refused;
}

std::optional<OSError> KqueueSelector::renew(Registration& registration) {
  return replace(registration, kBoth);
}

std::optional<OSError> KqueueSelector::replace(Registration& registration,
                                               EventMask old_events) {
  Changes changes(registration.fd);
  changes.remove(old_events);
  changes.add(registration.events);
  if (const int error = changes.submit(kq_)) {
    remove(registration);
    return refusal(error, registration.fd);
  }
  registration.backend_data = 0;
  return std::nullopt;
}

void KqueueSelector::remove(const Registration& registration) noexcept {
  if (!is_inherited()) forget(registration.fd);
}

void KqueueSelector::forget(int fd) noexcept {
  Changes changes(fd);
  changes.remove(EVENT_READ | EVENT_WRITE);
  changes.submit(kq_);
}

bool KqueueSelector::wait(const WaitLimit& timeout) {
  const auto report = [this](const Kevent& event) { report_event(event); };
  const bool answered = events_.fill(
      timeout,
      [this](Kevent* events, int room, const WaitLimit& t) {
        return kernel::kevent(kq_, nullptr, 0, events, room, t);
      },
      report, report, [this] { reserve_reports(events_.size()); });
  if (!answered && errno == EINTR) return false;
  if (!answered) throw make_os_error(errno, "kevent");
  // The filter of an EVENT_ONESHOT registration that did not fire is deleted
  // only now: its event could have been among the last of the buffer.
  for (const auto& [key, events] : reported()) {
    const bool fired_whole = (key.events & kBoth) == (events & kBoth);
    if ((key.events & EVENT_ONESHOT) != 0 && !fired_whole) forget(key.fd);
  }
  return true;
}

// In a child the number may already belong to another file.
void KqueueSelector::close_kernel_object() noexcept {
  if (kernel::getpid() == owner_) kernel::close(kq_);
}

void KqueueSelector::renew_after_fork() {
  const int fresh = make_kqueue();
  close_kernel_object();  // if an earlier call in this child failed
  kq_ = fresh;
  owner_ = kernel::getpid();
  for (Registration* registration : registrations().by_fd()) {
    if (registration == nullptr || registration->backend_data == kSpent)
      continue;
    Changes changes(registration->fd);
    changes.add(registration->events);
    const int error = changes.submit(kq_);
    // A closed descriptor, or a pipe without a reader, is not watched any more.
    if (error != 0 && error != EBADF && error != EPIPE) {
      throw refusal(error, registration->fd);
    }
  }
}

void KqueueSelector::report_event(const Kevent& event) {
  Registration* const registration =
      registrations().find(static_cast<int>(event.ident));
  if (registration == nullptr) {  // Left behind by a removal that failed.
    forget(static_cast<int>(event.ident));
    return;
  }
  const EventMask side = event.filter == EVFILT_READ ? EVENT_READ : EVENT_WRITE;
  if ((event.flags & EV_EOF) == 0) [[likely]] {
    report(*registration, side);
  } else {
    report_mixed(*registration, side | EVENT_ERROR);
  }
  if (registration->events & EVENT_ONESHOT) registration->backend_data = kSpent;
}

}  // namespace selectors

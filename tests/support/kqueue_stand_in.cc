// kqueue(2) on Linux, as the manual pages of FreeBSD and macOS describe it, for
// EVFILT_READ and EVFILT_WRITE. The stand-in is written to be right and strict,
// not fast.
//
// The descriptor of a queue is an epoll instance, because epoll answers two
// questions that poll(2) cannot: whether a number is still the file that was
// added (epoll has one entry per number and file), and whether the file has
// changed since (EV_CLEAR). The stand-in uses poll(2) for everything else.
//
// If the systems differ, the stand-in behaves in the way that is hardest on the
// caller:
//   - Adding an entry again keeps its EV_CLEAR and EV_ONESHOT (FreeBSD).
//   - EVFILT_WRITE is refused with EPIPE for a pipe without a reader (FreeBSD;
//     macOS reports it as ready, with EV_EOF).
// A regular file is readable when it is not at its end (both), always writable.
//
// Differences from a real kqueue:
//   - A wait does not notice the changes of other threads meanwhile, nor that
//     a regular file grows. The next wait does.
//   - With EV_CLEAR, a change on one side of a descriptor is reported for the
//     other side again, if that is ready, and a regular file once only.
//   - A number that was closed and then made the same file again (dup2(2), or
//     a regular file that was opened again) counts as never closed.
//   - A queue can be watched by a queue, but not by poll(2), nor by a queue
//     while it watches queues itself.
//   - fflags is 0 in place of an error. data is 0 in place of the room for
//     writing or the number of connections.

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace {

using Kevent = struct kevent;

constexpr unsigned kReadable = POLLIN | POLLRDHUP | POLLHUP | POLLERR;
constexpr unsigned kWritable = POLLOUT | POLLHUP | POLLERR;
static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR &&
              POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP);

unsigned interest(short filter) {
  return filter == EVFILT_READ ? kReadable : kWritable;
}

int fail(int error) {
  errno = error;
  return -1;
}

unsigned poll_once(int fd, unsigned events) {
  pollfd question = {fd, static_cast<short>(events), 0};
  ::poll(&question, 1, 0);
  return static_cast<unsigned short>(question.revents);
}

// Calls epoll_ctl(2). Returns 0, or the errno.
int control_epoll(int epoll, int operation, int fd, unsigned events,
                  std::uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  return ::epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno;
}

// An entry of a queue: one question about one descriptor.
struct Knote {
  int fd;
  short filter;
  unsigned short flags;
  void* udata;
  // For EV_CLEAR: whether the descriptor has changed since the last report.
  bool changed = true;
};

// A descriptor with entries in a queue. The members tell its file from another
// file that has the number now.
struct Watched {
  std::uint32_t serial;
  bool in_epoll;  // Regular files and directories are not.
  struct stat file;
};

class Queue;

// Returns the queue of a descriptor, or nullptr if there is none.
Queue* find_queue(int fd);

class Queue {
 public:
  explicit Queue(int epoll) : epoll_(epoll) {}

  // Applies a change. Returns 0 or an errno.
  int apply(const Kevent& change);

  // Reports the ready entries, as far as there is room. Returns their number.
  int collect(std::span<Kevent> room);

  // Returns whether collect() would report an entry.
  bool has_events();

  // Returns the descriptors to wait for when no entry is ready.
  std::vector<pollfd> sources() const;

 private:
  using Entries = std::list<Knote>;
  using Key = std::pair<int, short>;

  int add(int fd, const Kevent& change);
  int watch(int fd);
  bool is_same_file(int fd, const Watched& watched) const;
  void remove(Entries::iterator knote);
  void forget(int fd);
  void forget_closed();
  void note_changes();
  void note_change(int fd, short filter, unsigned events);
  bool may_be_ready(const Knote& knote) const;
  bool at_end(int fd) const;
  bool watches_queues() const;
  std::vector<pollfd> ask() const;
  std::vector<pollfd> look();
  Kevent report(Entries::iterator knote, unsigned ready);

  int epoll_;
  std::uint32_t last_serial_ = 0;
  Entries knotes_;  // In the order in which they are reported.
  std::map<Key, Entries::iterator> index_;
  std::map<int, Watched> watched_;
};

int Queue::apply(const Kevent& change) {
  if (change.filter != EVFILT_READ && change.filter != EVFILT_WRITE) {
    return EINVAL;
  }
  if (change.ident > std::numeric_limits<int>::max()) return EBADF;
  const int fd = static_cast<int>(change.ident);
  if (::fcntl(fd, F_GETFD) == -1) return EBADF;
  const auto watched = watched_.find(fd);
  if (watched != watched_.end() && !is_same_file(fd, watched->second)) {
    forget(fd);
  }
  if ((change.flags & EV_ADD) != 0) return add(fd, change);
  const auto found = index_.find({fd, change.filter});
  if (found == index_.end()) return ENOENT;
  if ((change.flags & EV_DELETE) != 0) {
    remove(found->second);
  } else {
    found->second->udata = change.udata;
  }
  return 0;
}

int Queue::add(int fd, const Kevent& change) {
  const auto found = index_.find({fd, change.filter});
  if (found != index_.end()) {
    found->second->udata = change.udata;
    found->second->changed = true;
    return 0;
  }
  struct stat file;
  if (change.filter == EVFILT_WRITE && ::fstat(fd, &file) == 0 &&
      S_ISFIFO(file.st_mode) && (poll_once(fd, POLLOUT) & POLLERR) != 0) {
    return EPIPE;
  }
  if (const Queue* const inner = find_queue(fd)) {
    const bool loop = inner == this || inner->watches_queues();
    if (loop || change.filter != EVFILT_READ) return EINVAL;
  }
  if (const int error = watch(fd)) return error;
  const unsigned kept = EV_CLEAR | EV_ONESHOT | EV_RECEIPT;
  const auto flags = static_cast<unsigned short>(change.flags & kept);
  knotes_.push_back({fd, change.filter, flags, change.udata});
  index_[{fd, change.filter}] = std::prev(knotes_.end());
  return 0;
}

int Queue::watch(int fd) {
  if (watched_.count(fd) != 0) return 0;
  Watched watched{++last_serial_, true, {}};
  if (::fstat(fd, &watched.file) != 0) return errno;
  const unsigned all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  const std::uint64_t data =
      std::uint64_t{watched.serial} << 32 | static_cast<std::uint32_t>(fd);
  int error = control_epoll(epoll_, EPOLL_CTL_ADD, fd, all, data);
  // The file was closed here, is still open elsewhere, and has its number
  // again.
  if (error == EEXIST) {
    error = control_epoll(epoll_, EPOLL_CTL_MOD, fd, all, data);
  }
  if (error != 0 && error != EPERM) return error;
  watched.in_epoll = error == 0;
  watched_.emplace(fd, watched);
  return 0;
}

// Returns whether `fd` is still the watched file. Adding a descriptor to epoll
// again is EEXIST, but only for the same number and the same file.
bool Queue::is_same_file(int fd, const Watched& watched) const {
  if (watched.in_epoll) {
    const int error = control_epoll(epoll_, EPOLL_CTL_ADD, fd, 0, 0);
    if (error == 0) control_epoll(epoll_, EPOLL_CTL_DEL, fd, 0, 0);
    return error == EEXIST;
  }
  struct stat file;
  return ::fstat(fd, &file) == 0 && file.st_dev == watched.file.st_dev &&
         file.st_ino == watched.file.st_ino;
}

void Queue::remove(Entries::iterator knote) {
  const int fd = knote->fd;
  index_.erase({fd, knote->filter});
  knotes_.erase(knote);
  if (index_.count({fd, EVFILT_READ}) + index_.count({fd, EVFILT_WRITE}) == 0) {
    forget(fd);
  }
}

void Queue::forget(int fd) {
  for (const int filter : {EVFILT_READ, EVFILT_WRITE}) {
    const auto found = index_.find({fd, static_cast<short>(filter)});
    if (found == index_.end()) continue;
    knotes_.erase(found->second);
    index_.erase(found);
  }
  watched_.erase(fd);
  control_epoll(epoll_, EPOLL_CTL_DEL, fd, 0, 0);
}

void Queue::forget_closed() {
  std::vector<int> closed;
  for (const auto& [fd, watched] : watched_) {
    if (!is_same_file(fd, watched)) closed.push_back(fd);
  }
  for (const int fd : closed) forget(fd);
}

// Records the changes that epoll reports. The serial number tells the events of
// a closed file that is still open under another number from the events of its
// successor.
void Queue::note_changes() {
  epoll_event events[64];
  int count;
  while ((count = ::epoll_wait(epoll_, events, 64, 0)) > 0) {
    for (const epoll_event& event : std::span(events).first(count)) {
      const int fd = static_cast<int>(event.data.u64 & 0xffffffff);
      const auto found = watched_.find(fd);
      if (found == watched_.end()) continue;
      if (found->second.serial != event.data.u64 >> 32) continue;
      note_change(fd, EVFILT_READ, event.events);
      note_change(fd, EVFILT_WRITE, event.events);
    }
  }
}

void Queue::note_change(int fd, short filter, unsigned events) {
  const auto found = index_.find({fd, filter});
  if (found == index_.end() || (events & interest(filter)) == 0) return;
  found->second->changed = true;
}

bool Queue::may_be_ready(const Knote& knote) const {
  if ((knote.flags & EV_CLEAR) != 0 && !knote.changed) return false;
  return knote.filter != EVFILT_READ || !at_end(knote.fd);
}

bool Queue::at_end(int fd) const {
  struct stat file;
  return !watched_.at(fd).in_epoll && ::fstat(fd, &file) == 0 &&
         S_ISREG(file.st_mode) && ::lseek(fd, 0, SEEK_CUR) >= file.st_size;
}

// Returns the argument of poll(2) for all entries, in their order. poll(2)
// skips negative numbers.
std::vector<pollfd> Queue::ask() const {
  std::vector<pollfd> questions;
  for (const Knote& knote : knotes_) {
    questions.push_back({may_be_ready(knote) ? knote.fd : -1,
                         static_cast<short>(interest(knote.filter)), 0});
  }
  return questions;
}

bool Queue::watches_queues() const {
  return std::any_of(watched_.begin(), watched_.end(), [](const auto& entry) {
    return find_queue(entry.first) != nullptr;
  });
}

// Returns the results of poll(2), in the order of the entries.
std::vector<pollfd> Queue::look() {
  forget_closed();
  note_changes();
  std::vector<pollfd> answers = ask();
  ::poll(answers.data(), answers.size(), 0);
  for (pollfd& answer : answers) {
    Queue* const inner = find_queue(answer.fd);
    if (inner != nullptr) answer.revents = inner->has_events() ? POLLIN : 0;
  }
  return answers;
}

bool Queue::has_events() {
  const std::vector<pollfd> answers = look();
  return std::any_of(answers.begin(), answers.end(),
                     [](const pollfd& answer) { return answer.revents != 0; });
}

std::vector<pollfd> Queue::sources() const {
  std::vector<pollfd> all;
  for (const pollfd& question : ask()) {
    if (const Queue* const inner = find_queue(question.fd)) {
      const std::vector<pollfd> more = inner->sources();
      all.insert(all.end(), more.begin(), more.end());
    } else {
      all.push_back(question);
    }
  }
  const bool any_clear = std::any_of(
      knotes_.begin(), knotes_.end(),
      [](const Knote& knote) { return (knote.flags & EV_CLEAR) != 0; });
  all.push_back({any_clear ? epoll_ : -1, POLLIN, 0});
  return all;
}

int Queue::collect(std::span<Kevent> room) {
  const std::vector<pollfd> answers = look();  // Forgets closed files.
  std::size_t count = 0;
  auto next = knotes_.begin();
  for (const pollfd& answer : answers) {
    const auto knote = next++;
    const auto revents = static_cast<unsigned short>(answer.revents);
    const unsigned ready = revents & interest(knote->filter);
    if (ready == 0) {
      if (answer.fd >= 0) knote->changed = false;
    } else if (count < room.size()) {
      room[count++] = report(knote, ready);
    }
  }
  return static_cast<int>(count);
}

// Returns the event of a ready entry, and moves the entry to the end of the
// list, so that all entries are reported in turn.
Kevent Queue::report(Entries::iterator knote, unsigned ready) {
  const unsigned over =
      knote->filter == EVFILT_READ ? POLLHUP | POLLRDHUP : POLLHUP | POLLERR;
  Kevent event{};
  event.ident = static_cast<std::uintptr_t>(knote->fd);
  event.filter = knote->filter;
  event.flags = static_cast<unsigned short>(knote->flags |
                                            ((ready & over) != 0 ? EV_EOF : 0));
  event.udata = knote->udata;
  int bytes = 0;
  if (knote->filter == EVFILT_READ) ::ioctl(knote->fd, FIONREAD, &bytes);
  event.data = bytes;
  knote->changed = false;
  knotes_.splice(knotes_.end(), knotes_, knote);
  if ((knote->flags & EV_ONESHOT) != 0) remove(knote);
  return event;
}

// The queues of this process.
class Queues {
 public:
  Queues();

  std::mutex& mutex() { return mutex_; }

  // Returns the descriptor of a new queue, or -1.
  int create();

  // Returns the queue of a descriptor, or nullptr if there is none any more.
  Queue* find(int kq);

  // Closes all queues, in a child, which has none of its parent's queues.
  void close_all();

 private:
  // A file that is in each of our epoll instances and in no others. It tells a
  // queue from another file of the same number.
  const int mark_ = ::eventfd(0, EFD_CLOEXEC);
  std::mutex mutex_;
  std::map<int, Queue> queues_;
} queues;

Queues::Queues() {
  ::pthread_atfork([] { queues.mutex().lock(); },
                   [] { queues.mutex().unlock(); },
                   [] {
                     queues.close_all();
                     queues.mutex().unlock();
                   });
}

int Queues::create() {
  const int kq = ::epoll_create1(EPOLL_CLOEXEC);
  if (kq < 0) return -1;
  if (const int error = control_epoll(kq, EPOLL_CTL_ADD, mark_, 0, 0)) {
    ::close(kq);
    return fail(error);
  }
  queues_.insert_or_assign(kq, Queue(kq));
  return kq;
}

Queue* Queues::find(int kq) {
  const auto found = queues_.find(kq);
  if (found == queues_.end()) return nullptr;
  if (control_epoll(kq, EPOLL_CTL_MOD, mark_, 0, 0) == 0) return &found->second;
  queues_.erase(found);
  return nullptr;
}

Queue* find_queue(int fd) { return queues.find(fd); }

void Queues::close_all() {
  while (!queues_.empty()) {
    const int kq = queues_.begin()->first;
    if (find(kq) != nullptr) ::close(kq);
    queues_.erase(kq);
  }
}

// The end of a wait. Without a time, the wait is endless.
class WaitEnd {
 public:
  explicit WaitEnd(const timespec* timeout) {
    if (timeout == nullptr) return;
    if (timeout->tv_sec > kForEver) return;
    when_ = Clock::now() + std::chrono::seconds(timeout->tv_sec) +
            std::chrono::nanoseconds(timeout->tv_nsec);
  }

  static bool valid(const timespec* timeout) {
    return timeout == nullptr ||
           (timeout->tv_sec >= 0 && timeout->tv_nsec >= 0 &&
            timeout->tv_nsec < 1'000'000'000);
  }

  bool passed() const { return when_ && Clock::now() >= *when_; }

  const timespec* remaining(timespec& storage) const {
    if (!when_) return nullptr;
    const auto left = std::max(*when_ - Clock::now(), Clock::duration::zero());
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    storage.tv_sec = whole.count();
    storage.tv_nsec = std::chrono::nanoseconds(left - whole).count();
    return &storage;
  }

 private:
  using Clock = std::chrono::steady_clock;
  // 68 years, as in FreeBSD. A longer time would overflow, and is no different.
  static constexpr std::time_t kForEver = std::numeric_limits<int>::max();
  std::optional<Clock::time_point> when_;
};

// Applies changes, and answers the changes that failed or request a receipt.
// Returns the number of answers. Stops with -1 at a failure without room for
// its answer.
int submit(Queue& queue, std::span<const Kevent> changes,
           std::span<Kevent> room) {
  std::size_t count = 0;
  for (const Kevent& change : changes) {
    Kevent answer = change;  // A copy: the answer may overwrite the change.
    const int error = queue.apply(change);
    if (error == 0 && (change.flags & EV_RECEIPT) == 0) continue;
    if (count == room.size()) {
      if (error != 0) return fail(error);
      break;
    }
    answer.flags = EV_ERROR;
    answer.data = error;
    room[count++] = answer;
  }
  return static_cast<int>(count);
}

// Waits, with the lock released meanwhile. Returns the result of kevent().
int wait(std::unique_lock<std::mutex>& lock, int kq, std::span<Kevent> room,
         const timespec* timeout) {
  const WaitEnd end(timeout);
  for (;;) {
    Queue* const queue = queues.find(kq);
    if (queue == nullptr) return fail(EBADF);
    const int count = queue->collect(room);
    if (count > 0 || end.passed()) return count;
    std::vector<pollfd> sources = queue->sources();
    lock.unlock();
    timespec left;
    if (::ppoll(sources.data(), sources.size(), end.remaining(left), nullptr) <
        0) {
      return -1;
    }
    lock.lock();
  }
}

}  // namespace

extern "C" int kqueue() {
  const std::lock_guard lock(queues.mutex());
  return queues.create();
}

extern "C" int kevent(int kq, const struct kevent* changes, int change_count,
                      struct kevent* events, int room,
                      const struct timespec* timeout) {
  std::unique_lock lock(queues.mutex());
  Queue* const queue = queues.find(kq);
  if (queue == nullptr) return fail(EBADF);
  const std::span places(events, static_cast<std::size_t>(room));
  const std::span wanted(changes, static_cast<std::size_t>(change_count));
  const int answers = submit(*queue, wanted, places);
  if (answers != 0 || room == 0) return answers;
  if (!WaitEnd::valid(timeout)) return fail(EINVAL);
  return wait(lock, kq, places, timeout);
}

// A selector so small that it is obviously right, to hold the real ones
// against.

#ifndef TESTS_SELECTORS_SELECTOR_MODEL_H_
#define TESTS_SELECTORS_SELECTOR_MODEL_H_

#include <poll.h>
#include <sys/stat.h>

#include <map>
#include <optional>
#include <set>

#include "selectors/selector_key.h"

namespace tests {

using selectors::EVENT_READ;
using selectors::EVENT_WRITE;
using selectors::EventMask;

// How a backend knows a registered descriptor again after it was closed.
enum class Identity {
  kSelectNumber,  // select: by its number, which must be open to begin with;
                  // while it is closed, select() fails
  kNumber,        // poll, /dev/poll: the same; while it is closed, it is ready
  kFile,          // epoll: by file and number; it lives as long as the file
  kOpening,       // kqueue: it is forgotten when the number is closed
};

// What an open number means: an open file, which it may share with others
// (dup), and which of the times that this number was opened it is.
struct Descriptor {
  int file = 0;
  int opening = 0;
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};
using Descriptors = std::map<int, Descriptor>;

// What a call does, by the name of Python's exception.
enum class Result { kDone, kValueError, kKeyError, kOSError };

class SelectorModel {
 public:
  struct Key {
    EventMask events;
    int data;
    Descriptor watched;
  };

  // What select() reports: at least `must`, at most `may`. They differ only for
  // a number that was closed while registered.
  struct Ready {
    std::map<int, EventMask> must, may;
  };

  SelectorModel(Identity identity, const Descriptors& descriptors)
      : identity_(identity), descriptors_(descriptors) {}

  const std::map<int, Key>& keys() const { return keys_; }

  Result register_(int fd, EventMask events, int data) {
    if (!are_valid(events) || fd < 0) return Result::kValueError;
    if (keys_.count(fd) != 0) return Result::kKeyError;
    if (is_refused(fd, events)) return Result::kOSError;
    watch(fd, {events, data, meaning(fd)});
    return Result::kDone;
  }

  Result unregister(int fd) {
    if (fd < 0) return Result::kValueError;
    return keys_.erase(fd) != 0 ? Result::kDone : Result::kKeyError;
  }

  Result modify(int fd, EventMask events, int data) {
    if (fd < 0) return Result::kValueError;
    if (keys_.count(fd) == 0) return Result::kKeyError;
    if (!are_valid(events)) return Result::kValueError;
    Key& key = keys_.at(fd);
    key.data = data;
    if (events == key.events) return Result::kDone;  // No question to a kernel.
    const bool is_lost =
        identity_ == Identity::kFile && meaning(fd) != key.watched;
    if (is_lost || is_refused(fd, events)) {
      keys_.erase(fd);
      return Result::kOSError;
    }
    watch(fd, {events, data, meaning(fd)});
    return Result::kDone;
  }

  // May epoll still have an entry for what this registered number, which was
  // closed, means now? Then modify() may work or not.
  bool is_uncertain(int fd) const {
    const auto found = keys_.find(fd);
    return identity_ == Identity::kFile && found != keys_.end() &&
           meaning(fd) != found->second.watched && was_watched(fd);
  }

  // nullopt if select() throws OSError.
  std::optional<Ready> select() const {
    Ready ready;
    for (const auto& [fd, key] : keys_) {
      const bool is_same = meaning(fd) == key.watched;
      EventMask must = readiness(fd);
      EventMask may = must;
      if (identity_ == Identity::kSelectNumber && meaning(fd).file == 0) {
        return std::nullopt;
      } else if (identity_ == Identity::kFile && !is_same) {
        must = 0;
        may = readiness(any_number_of(key.watched.file)) |
              (was_watched(fd) ? readiness(fd) : 0);
      } else if (identity_ == Identity::kOpening && !is_same) {
        must = 0;
        if (!was_watched(fd)) may = 0;
      }
      if (must & key.events) ready.must[fd] = must & key.events;
      if (may & key.events) ready.may[fd] = may & key.events;
    }
    return ready;
  }

 private:
  static bool are_valid(EventMask events) { return events >= 1 && events <= 3; }

  // {} if nothing is open under this number.
  Descriptor meaning(int fd) const {
    const auto found = descriptors_.find(fd);
    return found != descriptors_.end() ? found->second : Descriptor{};
  }

  // Was this number ever registered for the file that it means now? Then there
  // may be an entry of that time in the kernel (epoll), or in the stand-in for
  // one (kqueue), and a number that was closed once more without unregister()
  // may be taken for the one of that time.
  bool was_watched(int fd) const {
    return ever_watched_.count({fd, meaning(fd).file}) != 0;
  }

  int any_number_of(int file) const {
    for (const auto& [fd, descriptor] : descriptors_) {
      if (descriptor.file == file) return fd;
    }
    return -1;  // Which poll(2) ignores: nothing is ready.
  }

  void watch(int fd, const Key& key) {
    keys_[fd] = key;
    ever_watched_.insert({fd, key.watched.file});
  }

  bool is_refused(int fd, EventMask events) const {
    struct stat file;
    switch (identity_) {
      case Identity::kSelectNumber:
      case Identity::kNumber:
        return ::fstat(fd, &file) != 0 && keys_.count(fd) == 0;
      case Identity::kFile:  // Not /dev/null, which is always ready.
        return ::fstat(fd, &file) != 0 || S_ISCHR(file.st_mode);
      case Identity::kOpening:  // EPIPE, as a write would be.
        return ::fstat(fd, &file) != 0 ||
               (S_ISFIFO(file.st_mode) && (events & EVENT_WRITE) != 0 &&
                (poll(fd) & POLLERR) != 0);
    }
    return false;
  }

  static int poll(int fd) {
    pollfd question = {fd, POLLIN | POLLOUT, 0};
    ::poll(&question, 1, 0);
    return question.revents;
  }

  // A hang-up makes a writer ready too, but not for select.
  EventMask readiness(int fd) const {
    const int over = POLLERR | POLLNVAL;
    const int hup = identity_ == Identity::kSelectNumber ? 0 : POLLHUP;
    return ((poll(fd) & (POLLIN | POLLHUP | over)) != 0 ? EVENT_READ : 0) |
           ((poll(fd) & (POLLOUT | hup | over)) != 0 ? EVENT_WRITE : 0);
  }

  const Identity identity_;
  const Descriptors& descriptors_;
  std::map<int, Key> keys_;
  std::set<std::pair<int, int>> ever_watched_;  // number and file
};

}  // namespace tests

#endif  // TESTS_SELECTORS_SELECTOR_MODEL_H_

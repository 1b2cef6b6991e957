// `Inotify`: changes of a file, as an object that a selector can wait for.
// Linux only.
//
// A regular file is always ready for reading: at its end there is nothing, and
// a read() returns that at any time. Growth is not readiness, but an event, and
// inotify(7) is the kernel's interface for such events: an object behind a
// descriptor, which is readable while there are unread events. (BSD and macOS
// have EVFILT_VNODE in kqueue(2) for this purpose.)

#ifndef EXAMPLES_INOTIFY_H_
#define EXAMPLES_INOTIFY_H_

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace examples {

/// A file object that is readable while there are unread changes of a file.
///
/// ```cpp
/// Inotify inotify;
/// inotify.watch("access-log");
/// selector.register_(inotify, selectors::EVENT_READ);
/// ```
class Inotify {
 public:
  /// Opens an object that watches no file yet. Throws std::system_error.
  Inotify()
      : fd_(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify")) {}
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;
  ~Inotify() { ::close(fd_); }

  /// Returns the descriptor, which the object owns.
  int fileno() const { return fd_; }

  /// Watches a file from now on for writes and truncation by programs on this
  /// machine. Changes of a network file by other machines are not reported.
  /// Throws std::system_error with the path.
  void watch(const std::string& path) {
    check(::inotify_add_watch(fd_, path.c_str(), IN_MODIFY), path);
  }

  /// Discards all unread events. Call drain() before you read the file: later
  /// writes are reported again.
  void drain() {
    char news[4096];
    while (::read(fd_, news, sizeof(news)) > 0) {
    }
  }

 private:
  static int check(int result, const std::string& what) {
    if (result >= 0) return result;
    throw std::system_error(errno, std::generic_category(), what);
  }

  const int fd_;
};

}  // namespace examples

#endif  // EXAMPLES_INOTIFY_H_

// Changes of a file, as something that a selector can wait for. Linux only.
//
// A regular file is always ready for reading: at its end there is nothing, and
// that can be read at any time. That there is more now is not readiness, but
// news, and inotify(7) is where the kernel tells it: an object behind a
// descriptor, which is readable while there is news. (BSD and macOS have
// EVFILT_VNODE in kqueue(2) for it.)

#ifndef EXAMPLES_INOTIFY_H_
#define EXAMPLES_INOTIFY_H_

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace examples {

// A file object: `selector.register_(inotify, EVENT_READ)`.
class Inotify {
 public:
  Inotify()
      : fd_(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify")) {}
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;
  ~Inotify() { ::close(fd_); }

  int fileno() const { return fd_; }

  // Tells from now on when the file is written to, or truncated. It tells what
  // is done on this machine; what others do to a file in a network it does not
  // learn.
  void watch(const std::string& path) {
    check(::inotify_add_watch(fd_, path.c_str(), IN_MODIFY), path);
  }

  // Takes in all news there are, which are not looked at: one needs to know
  // that there were some. Must come before one looks at the file, as what is
  // written after that is news again.
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

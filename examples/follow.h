// `follow()`: a generator of the lines that are appended to a file, as they
// arrive, like `tail -f`. Linux only, because of inotify.h.

#ifndef EXAMPLES_FOLLOW_H_
#define EXAMPLES_FOLLOW_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "examples/inotify.h"
#include "loop/generators/generator.h"
#include "selectors/selectors.h"

namespace examples {

/// A file that grows, read from its present end on.
class GrowingFile {
 public:
  /// Opens the file. Throws std::system_error with the path.
  explicit GrowingFile(std::string path)
      : path_(std::move(path)),
        fd_(check(::open(path_.c_str(), O_RDONLY | O_CLOEXEC))),
        // A file without positions, such as a pipe, fails when it is read.
        position_(std::max(::lseek(fd_, 0, SEEK_END), off_t{0})) {}
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;
  ~GrowingFile() { ::close(fd_); }

  /// Appends the next few thousand bytes at most to `text`. Returns whether
  /// there were any. A file that has become shorter was started again, so its
  /// content is read from the beginning and `text` is cleared.
  /// Throws std::system_error with the path.
  bool read_into(std::string& text) {
    struct stat status;
    check(::fstat(fd_, &status));
    if (status.st_size < position_) {
      position_ = 0;
      text.clear();
    }
    char chunk[4096];
    const auto size = check(::pread(fd_, chunk, sizeof(chunk), position_));
    text.append(chunk, static_cast<std::size_t>(size));
    position_ += size;
    return size > 0;
  }

 private:
  template <class Result>
  Result check(Result result) const {
    if (result >= 0) return result;
    throw std::system_error(errno, std::generic_category(), path_);
  }

  const std::string path_;
  const int fd_;
  off_t position_;
};

/// Yields each line that is appended from now on, without its newline. follow()
/// waits for the rest of an incomplete line. The generator never ends by
/// itself.
///
/// follow() stays with the file that it has opened. If the file is truncated,
/// follow() reads from the beginning, as tail does. If the file is renamed,
/// which happens when logs are rotated, follow() reads the lines that are still
/// written there. If the file is removed, no more lines arrive. `tail -F`
/// follows the name instead.
///
/// Differs from Python: there, the usual follow() sleeps for 0.1 s when there
/// is no line, and polls again. Each line is late, and an idle machine is woken
/// ten times a second. The usual follow() also yields halves of lines, if the
/// writer pauses within a line.
inline loop::Generator<std::string> follow(std::string path) {
  GrowingFile file(path);
  Inotify inotify;
  inotify.watch(path);
  selectors::DefaultSelector selector;
  selector.register_(inotify, selectors::EVENT_READ);

  std::string text;
  for (;;) {
    while (file.read_into(text)) {
      for (std::size_t end; (end = text.find('\n')) != std::string::npos;) {
        co_yield text.substr(0, end);
        text.erase(0, end + 1);
      }
    }
    selector.select();
    inotify.drain();
  }
}

}  // namespace examples

#endif  // EXAMPLES_FOLLOW_H_

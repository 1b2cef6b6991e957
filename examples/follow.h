// What is appended to a file, line by line, as it comes: `tail -f` as a
// generator. Linux only, for inotify.h.

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

// A file that grows, read from its present end on.
class GrowingFile {
 public:
  explicit GrowingFile(std::string path)
      : path_(std::move(path)),
        fd_(check(::open(path_.c_str(), O_RDONLY | O_CLOEXEC))),
        // What knows no positions, such as a pipe, will say so when it is read.
        position_(std::max(::lseek(fd_, 0, SEEK_END), off_t{0})) {}
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;
  ~GrowingFile() { ::close(fd_); }

  // Appends to `text` what there is, at most a few thousand bytes. Returns
  // false if there is nothing. If the file has become shorter, somebody has
  // begun it anew: reads from its beginning, and forgets `text`.
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

// Yields each line that is appended from now on, without its end. A line that
// is not complete yet is waited for. Never ends by itself.
//
// It keeps to the file that it has opened. If that is truncated, it reads from
// the beginning, as tail does. If it is renamed, which is how logs are rotated,
// it goes on with what is still written there; if it is removed, nothing comes
// any more. `tail -F` looks at the name instead.
//
// Python's sleeps for 0.1 s when there is nothing, and looks again: each line
// is late, and an idle machine is woken ten times a second. It also yields
// halves of lines, if the writer pauses within one.
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

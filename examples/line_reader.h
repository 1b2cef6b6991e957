// `LineReader`: standard input for programs that must never block on it.

#ifndef EXAMPLES_LINE_READER_H_
#define EXAMPLES_LINE_READER_H_

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

namespace examples {

/// Reads lines from a descriptor that a selector has reported ready.
///
/// ```cpp
/// const bool more = reader.read_some();
/// while (const auto line = reader.next_line()) process(*line);
/// ```
///
/// std::getline is no replacement: it reads ahead into a buffer of its own and
/// returns the first line. The other lines would stay in this buffer while a
/// selector, which knows only the data in the kernel, waits for more.
class LineReader {
 public:
  /// Reads from `fd`, which the caller owns.
  explicit LineReader(int fd) : fd_(fd) {}

  /// Reads the data that have arrived, with one read(). Returns false at end of
  /// input. Throws std::system_error.
  bool read_some() {
    char chunk[4096];
    const auto size = ::read(fd_, chunk, sizeof(chunk));
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR)
        return true;  // No data now; try again later.
      throw std::system_error(errno, std::generic_category(), "standard input");
    }
    const bool at_end = size == 0;
    buffer_.append(chunk, static_cast<std::size_t>(size));
    // The last line may lack its newline.
    if (at_end && !buffer_.empty()) buffer_ += '\n';
    return !at_end;
  }

  /// Returns the next complete line, without its newline, or nullopt if there
  /// is none. Several lines may be complete: call next_line() until nullopt.
  std::optional<std::string> next_line() {
    const auto end = buffer_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

 private:
  const int fd_;
  std::string buffer_;  // The buffer ends with the beginning of the next line.
};

}  // namespace examples

#endif  // EXAMPLES_LINE_READER_H_

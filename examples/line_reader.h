// Standard input for programs that must never wait for it.

#ifndef EXAMPLES_LINE_READER_H_
#define EXAMPLES_LINE_READER_H_

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

namespace examples {

// Reads lines from a descriptor, whenever somebody else has found it ready.
//
// std::getline will not do: it reads ahead, into a buffer of its own, and gives
// the first line. The others would lie there while a selector, which knows only
// what is left in the kernel, waits for more.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  // Reads what has arrived, once. Returns false at end of input.
  bool read_some() {
    char chunk[4096];
    const auto size = ::read(fd_, chunk, sizeof(chunk));
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR)
        return true;  // Not now; ask again.
      throw std::system_error(errno, std::generic_category(), "standard input");
    }
    const bool at_end = size == 0;
    buffer_.append(chunk, static_cast<std::size_t>(size));
    // The last line may lack its end.
    if (at_end && !buffer_.empty()) buffer_ += '\n';
    return !at_end;
  }

  // The next line that is complete by now, without its end. There may be
  // several: ask until there is none.
  std::optional<std::string> next_line() {
    const auto end = buffer_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

 private:
  const int fd_;
  std::string buffer_;  // It ends with the beginning of the next line.
};

}  // namespace examples

#endif  // EXAMPLES_LINE_READER_H_

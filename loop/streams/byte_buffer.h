// `ByteBuffer`: bytes that are appended at the end and taken from the front.

#ifndef LOOP_STREAMS_BYTE_BUFFER_H_
#define LOOP_STREAMS_BYTE_BUFFER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace loop {

// A queue of bytes. An empty one holds no memory, because most connections are
// idle.
class ByteBuffer {
 public:
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size() - begin_; }
  // Valid until the next change.
  std::string_view view() const {
    return std::string_view(bytes_).substr(begin_);
  }

  void append(std::string_view more) {
    if (begin_ > bytes_.size() / 2) {  // Moves fewer bytes than were taken.
      bytes_.erase(0, begin_);
      begin_ = 0;
    }
    bytes_.append(more);
  }

  // Removes `count` bytes, at most size(), from the front.
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == bytes_.size()) clear();
  }

  void clear() {
    std::string().swap(bytes_);
    begin_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;  // The bytes before it have been taken.
};

}  // namespace loop

#endif  // LOOP_STREAMS_BYTE_BUFFER_H_

// `ByteBuffer`: bytes that are appended at the end and taken from the front.

#ifndef LOOP_STREAMS_BYTE_BUFFER_H_
#define LOOP_STREAMS_BYTE_BUFFER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace loop {

// A queue of bytes. An empty one is only a pointer, because most connections
// are idle.
class ByteBuffer {
 public:
  bool empty() const { return bytes_ == nullptr; }
  std::size_t size() const { return view().size(); }
  // Valid until the next change.
  std::string_view view() const {
    if (bytes_ == nullptr) return {};
    return std::string_view(bytes_->all).substr(bytes_->begin);
  }

  void append(std::string_view more);

  // Removes `count` bytes, at most size(), from the front.
  void consume(std::size_t count);

  void clear() { bytes_.reset(); }

 private:
  struct Bytes {
    explicit Bytes(std::string_view first) : all(first) {}
    std::string all;
    std::size_t begin = 0;  // The bytes before it have been taken.
  };
  std::unique_ptr<Bytes> bytes_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_BYTE_BUFFER_H_

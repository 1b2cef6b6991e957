#include "loop/streams/byte_buffer.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace loop {

void ByteBuffer::append(std::string_view more) {
  if (more.empty()) return;
  if (bytes_ == nullptr) {
    bytes_ = std::make_unique<Bytes>(more);
    return;
  }
  auto& [all, begin] = *bytes_;
  if (begin > all.size() / 2) {  // Moves fewer bytes than were taken.
    all.erase(0, begin);
    begin = 0;
  }
  all.append(more);
}

void ByteBuffer::consume(std::size_t count) {
  if (bytes_ == nullptr) return;
  bytes_->begin += count;
  if (bytes_->begin == bytes_->all.size()) clear();
}

}  // namespace loop

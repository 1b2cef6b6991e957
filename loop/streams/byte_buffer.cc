#include "loop/streams/byte_buffer.h"

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

}  // namespace loop

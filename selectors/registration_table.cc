#include "selectors/registration_table.h"

#include <cerrno>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/posix.h"

namespace selectors {

RegistrationTable::~RegistrationTable() {
  for (Registration* registration : by_fd_) {
    if (registration != nullptr) registration->~Registration();
  }
}

Registration* RegistrationTable::find_by_identity(
    const FileObj& fileobj) const {
  Registration* first = nullptr;
  for (Registration* candidate : by_fd_) {
    if (candidate == nullptr || fileobj.identity() == nullptr) continue;
    if (candidate->fileobj.identity() != fileobj.identity()) continue;
    if (first == nullptr || candidate->order < first->order) first = candidate;
  }
  if (first != nullptr) return first;
  throw ValueError("Invalid file object: " + fileobj.repr() +
                   " is not open, and not registered");
}

void RegistrationTable::make_room_for(int fd) {
  if (!kernel::may_be_open(fd)) {
    throw make_os_error(EBADF, "fd " + std::to_string(fd));
  }
  // Grows by a quarter, not twofold: at 8 bytes per fd the slack is the cost.
  const auto index = static_cast<std::size_t>(fd);
  if (index >= by_fd_.capacity()) by_fd_.reserve(index + index / 4 + 16);
  by_fd_.resize(index + 1);
}

void RegistrationTable::make_nodes() {
  constexpr std::size_t kNodesPerChunk = 64;
  chunks_.push_back(std::make_unique<Node[]>(kNodesPerChunk));
  for (Node& node : std::span(chunks_.back().get(), kNodesPerChunk)) {
    node.next_free = std::exchange(free_, &node);
  }
}

}  // namespace selectors

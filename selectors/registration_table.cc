#include "selectors/registration_table.h"

#include <string>

#include "selectors/errors.h"

namespace selectors {

RegistrationTable::~RegistrationTable() {
  for (Registration* registration : by_fd()) {
    if (registration != nullptr) registration->~Registration();
  }
}

Registration* RegistrationTable::find_by_identity(
    const FileObj& fileobj) const {
  Registration* first = nullptr;
  for (Registration* candidate : by_fd()) {
    if (candidate == nullptr || fileobj.identity() == nullptr) continue;
    if (candidate->fileobj.identity() != fileobj.identity()) continue;
    if (first == nullptr || candidate->order < first->order) first = candidate;
  }
  if (first != nullptr) return first;
  throw ValueError("Invalid file object: " + fileobj.repr() +
                   " is not open, and not registered");
}

void RegistrationTable::make_nodes() {
  constexpr std::size_t kNodesPerChunk = 64;
  chunks_.push_back(std::make_unique<Node[]>(kNodesPerChunk));
  for (Node& node : std::span(chunks_.back().get(), kNodesPerChunk)) {
    node.next_free = std::exchange(free_, &node);
  }
}

}  // namespace selectors

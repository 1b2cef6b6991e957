#include "selectors/selector_map.h"

#include "selectors/errors.h"
#include "selectors/registration_table.h"

namespace selectors {

std::size_t SelectorMap::size() const { return table_->size(); }

const SelectorKey* SelectorMap::get(const FileObj& fileobj) const {
  return table_->lookup(fileobj);
}

const SelectorKey& SelectorMap::operator[](const FileObj& fileobj) const {
  const SelectorKey* const key = get(fileobj);
  if (key == nullptr) throw KeyError(fileobj.repr() + " is not registered");
  return *key;
}

SelectorMap::iterator SelectorMap::begin() const { return {*table_, 0}; }

SelectorMap::iterator SelectorMap::end() const {
  return {*table_, table_->by_fd().size()};
}

SelectorMap::iterator::iterator(const RegistrationTable& table, std::size_t fd)
    : table_(&table), fd_(fd) {
  const auto places = table.by_fd();
  while (fd_ < places.size() && places[fd_] == nullptr) ++fd_;
}

SelectorMap::iterator::reference SelectorMap::iterator::operator*() const {
  return *table_->by_fd()[fd_];
}

SelectorMap::iterator& SelectorMap::iterator::operator++() {
  return *this = iterator(*table_, fd_ + 1);
}

}  // namespace selectors

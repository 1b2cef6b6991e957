// What is registered, as get_map() shows it.

#ifndef SELECTORS_SELECTOR_MAP_H_
#define SELECTORS_SELECTOR_MAP_H_

#include <cstddef>
#include <iterator>

#include "selectors/file_obj.h"
#include "selectors/selector_key.h"

namespace selectors {

class RegistrationTable;

// What get_map() returns: a live, read-only view of what is registered.
// It lives as long as its selector. References and pointers to keys are valid
// until that file object is modified or unregistered; iterators, until anything
// is registered or unregistered. Iterates over the keys, in the order of their
// descriptors.
// Differs from Python: there, iteration gives the descriptors alone, in the
// order of registration.
// Port of selectors._SelectorMapping (CPython 3.13, Lib/selectors.py).
class SelectorMap {
 public:
  class iterator;

  explicit SelectorMap(const RegistrationTable& table) : table_(&table) {}

  std::size_t size() const;
  bool empty() const { return size() == 0; }

  // nullptr if it is not registered. Throws ValueError for a negative fd, or an
  // object without one that is not known by its identity either.
  const SelectorKey* get(const FileObj& fileobj) const;
  bool contains(const FileObj& fileobj) const { return get(fileobj); }

  // Throws as get() does, and KeyError if it is not registered.
  const SelectorKey& operator[](const FileObj& fileobj) const;

  iterator begin() const;
  iterator end() const;

 private:
  const RegistrationTable* table_;
};

class SelectorMap::iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = SelectorKey;
  using difference_type = std::ptrdiff_t;
  using pointer = const SelectorKey*;
  using reference = const SelectorKey&;

  iterator() = default;
  // At the first key whose descriptor is `fd` or higher.
  iterator(const RegistrationTable& table, std::size_t fd);

  reference operator*() const;
  pointer operator->() const { return &**this; }
  iterator& operator++();
  iterator operator++(int) {
    iterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const iterator&, const iterator&) = default;

 private:
  const RegistrationTable* table_ = nullptr;
  std::size_t fd_ = 0;
};

}  // namespace selectors

#endif  // SELECTORS_SELECTOR_MAP_H_

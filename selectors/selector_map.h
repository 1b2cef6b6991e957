// `SelectorMap`: the registered file objects, as get_map() shows them.

#ifndef SELECTORS_SELECTOR_MAP_H_
#define SELECTORS_SELECTOR_MAP_H_

#include <cstddef>
#include <iterator>

#include "selectors/file_obj.h"
#include "selectors/selector_key.h"

namespace selectors {

class RegistrationTable;

/// A live, read-only view of the registered file objects, from get_map().
///
/// The view lives as long as its selector. References and pointers to keys are
/// valid until that file object is modified or unregistered; iterators, until
/// anything is registered or unregistered. Iteration visits the keys in the
/// order of their descriptors.
///
/// Differs from Python: there, iteration yields the descriptors alone, in the
/// order of registration.
/// Port of selectors._SelectorMapping (CPython 3.15, Lib/selectors.py).
class SelectorMap {
 public:
  class iterator;

  /// Makes a view of `table`, which must outlive it.
  explicit SelectorMap(const RegistrationTable& table) : table_(&table) {}

  /// Returns the number of registered file objects.
  std::size_t size() const;
  /// Returns whether nothing is registered.
  bool empty() const { return size() == 0; }

  /// Returns the key of `fileobj`, or nullptr if it is not registered. Throws
  /// ValueError for a negative fd, and for a closed object that is not known by
  /// its identity.
  const SelectorKey* get(const FileObj& fileobj) const;
  /// Returns whether `fileobj` is registered. Throws ValueError as get() does.
  bool contains(const FileObj& fileobj) const { return get(fileobj); }

  /// Returns the key of `fileobj`. Throws KeyError if it is not registered, and
  /// ValueError as get() does.
  const SelectorKey& operator[](const FileObj& fileobj) const;

  /// The first key.
  iterator begin() const;
  /// The end of the keys.
  iterator end() const;

 private:
  const RegistrationTable* table_;
};

/// A forward iterator over keys. Must not be used after its selector is gone.
class SelectorMap::iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = SelectorKey;
  using difference_type = std::ptrdiff_t;
  using pointer = const SelectorKey*;
  using reference = const SelectorKey&;

  iterator() = default;
  /// Points to the first key whose descriptor is `fd` or higher.
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

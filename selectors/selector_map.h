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
/// ```cpp
/// for (const selectors::SelectorKey& key : *selector.get_map()) {
///   std::puts(key.fileobj.repr().c_str());
/// }
/// ```
///
/// The view lives as long as its selector, and is used under the thread rule of
/// the selector. References and pointers to a key are valid until the
/// registration changes or ends (modify(), reregister(), try_watch(),
/// unregister(), close()). Iterators are valid until any file
/// object is registered or unregistered. Iteration visits the keys in the order
/// of their descriptors.
///
/// Differs from Python: there, iteration yields the descriptors alone, in the
/// order of registration.
///
/// Port of selectors._SelectorMapping (CPython 3.15, Lib/selectors.py).
class SelectorMap {
 public:
  class iterator;

  /// Makes a view of `table`, which must outlive the view.
  explicit SelectorMap(const RegistrationTable& table) : table_(&table) {}

  /// Returns the number of registered file objects.
  std::size_t size() const;
  /// Returns whether nothing is registered.
  bool empty() const { return size() == 0; }

  /// Returns the key of `fileobj`, or nullptr if `fileobj` is not registered.
  /// Throws ValueError for a negative fd, and for a closed object that is not
  /// registered.
  const SelectorKey* get(const FileObj& fileobj) const;
  /// Returns whether `fileobj` is registered. Throws ValueError for a negative
  /// fd, and for a closed object that is not registered.
  bool contains(const FileObj& fileobj) const { return get(fileobj); }

  /// Returns the key of `fileobj`. Throws KeyError if `fileobj` is not
  /// registered, and ValueError for a negative fd, and for a closed object that
  /// is not registered.
  const SelectorKey& operator[](const FileObj& fileobj) const;

  /// Returns an iterator to the key with the lowest descriptor.
  iterator begin() const;
  /// Returns the end of the keys.
  iterator end() const;

 private:
  const RegistrationTable* table_;
};

/// A forward iterator over the keys of a SelectorMap. Must not be used after
/// its selector is destroyed.
class SelectorMap::iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = SelectorKey;
  using difference_type = std::ptrdiff_t;
  using pointer = const SelectorKey*;
  using reference = const SelectorKey&;

  /// Makes an iterator that can only be assigned to.
  iterator() = default;
  /// Points to the first key whose descriptor is `fd` or higher, or to the end.
  iterator(const RegistrationTable& table, std::size_t fd);

  /// Returns the key. Undefined at the end.
  reference operator*() const;
  /// Returns a pointer to the key. Undefined at the end.
  pointer operator->() const { return &**this; }
  /// Moves to the key with the next higher descriptor. Undefined at the end.
  iterator& operator++();
  /// Moves to the next key and returns an iterator to the one before. Undefined
  /// at the end.
  iterator operator++(int) {
    iterator old = *this;
    ++*this;
    return old;
  }
  /// Returns whether both point to the same key of the same map.
  friend bool operator==(const iterator&, const iterator&) = default;

 private:
  const RegistrationTable* table_ = nullptr;
  std::size_t fd_ = 0;
};

}  // namespace selectors

#endif  // SELECTORS_SELECTOR_MAP_H_

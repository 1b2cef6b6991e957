// What a selector knows of a file object, and what it reports.

#ifndef SELECTORS_SELECTOR_KEY_H_
#define SELECTORS_SELECTOR_KEY_H_

#include <any>
#include <cstddef>
#include <iterator>
#include <string>

#include "selectors/file_obj.h"

namespace selectors {

// A set of EVENT_ bits. Generic: a backend translates them to its kernel's own.
using EventMask = unsigned;

inline constexpr EventMask EVENT_READ = 1u << 0;   // read() will not block
inline constexpr EventMask EVENT_WRITE = 1u << 1;  // write() will not block

// Modifiers, beyond Python; epoll and kqueue have them, the other backends
// refuse them with ValueError.
//
// EVENT_EDGE: reported when something new arrives, not for as long as it is
// there. The reader must read until EAGAIN, or what is left waits unseen.
// EVENT_ONESHOT: reported once, then silent until modify() arms it again.
inline constexpr EventMask EVENT_EDGE = 1u << 2;
inline constexpr EventMask EVENT_ONESHOT = 1u << 3;

// "READ|WRITE"; bits that are no event in hexadecimal; "0" for none.
std::string events_repr(EventMask events);

// Associates a file object with its descriptor, the events that are waited for,
// and whatever the program attached.
// Port of selectors.SelectorKey (CPython 3.13, Lib/selectors.py).
struct SelectorKey {
  FileObj fileobj;
  int fd;
  EventMask events;
  std::any data;
};

// One line of what select() returns: `for (const auto& [key, events] : ...)`.
struct ReadyKey {
  const SelectorKey& key;
  EventMask events;  // EVENT_READ, EVENT_WRITE or both; within key.events
};

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

#endif  // SELECTORS_SELECTOR_KEY_H_

// What a selector knows of a file object, and what it reports.

#ifndef SELECTORS_SELECTOR_KEY_H_
#define SELECTORS_SELECTOR_KEY_H_

#include <any>
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
// Port of selectors.SelectorKey (CPython 3.15, Lib/selectors.py).
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

}  // namespace selectors

#endif  // SELECTORS_SELECTOR_KEY_H_

// EVENT_READ and EVENT_WRITE in the words of poll, epoll and /dev/poll, and
// back. kIn and kOut are what the kernel in question calls them.

#ifndef SELECTORS_POLL_EVENTS_H_
#define SELECTORS_POLL_EVENTS_H_

#include "selectors/selector_key.h"

namespace selectors {

// What to ask for.
template <unsigned kIn, unsigned kOut>
constexpr unsigned to_native(EventMask events) {
  return (events & EVENT_READ ? kIn : 0) | (events & EVENT_WRITE ? kOut : 0);
}

// What an answer means. Whatever is not readability alone (a hang-up, an error)
// lets a writer proceed, and what is not writability alone a reader: both will
// meet it in their next call.
// Port of the masks in selectors._PollLikeSelector.select (CPython 3.15).
template <unsigned kIn, unsigned kOut>
constexpr EventMask from_native(unsigned events) {
  if (events == kIn) return EVENT_READ;
  if (events == kOut) return EVENT_WRITE;
  return events != 0 ? EVENT_READ | EVENT_WRITE : 0;
}

}  // namespace selectors

#endif  // SELECTORS_POLL_EVENTS_H_

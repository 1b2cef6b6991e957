// `to_native()`, `from_native()`: convert EVENT_READ and EVENT_WRITE to the
// events of poll, epoll and /dev/poll, and back. kIn and kOut are the bits of
// that kernel call, such as POLLIN and POLLOUT.

#ifndef SELECTORS_POLL_EVENTS_H_
#define SELECTORS_POLL_EVENTS_H_

#include "selectors/selector_key.h"

namespace selectors {

// Returns the kernel's bits for `events`.
template <unsigned kIn, unsigned kOut>
constexpr unsigned to_native(EventMask events) {
  return (events & EVENT_READ ? kIn : 0) | (events & EVENT_WRITE ? kOut : 0);
}

// Returns the events that the kernel's bits stand for. Any bits except kIn
// alone let a writer proceed, and any bits except kOut alone let a reader
// proceed. So a hang-up or an error lets both proceed, and they meet it in
// their next call.
//
// Port of the masks in selectors._PollLikeSelector.select (CPython 3.15).
template <unsigned kIn, unsigned kOut>
constexpr EventMask from_native(unsigned events) {
  if (events == kIn) return EVENT_READ;
  if (events == kOut) return EVENT_WRITE;
  return events != 0 ? EVENT_READ | EVENT_WRITE : 0;
}

}  // namespace selectors

#endif  // SELECTORS_POLL_EVENTS_H_

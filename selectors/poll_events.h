// `PollEvents`: converts EVENT_ bits to the events of poll, epoll and
// /dev/poll, and back.

#ifndef SELECTORS_POLL_EVENTS_H_
#define SELECTORS_POLL_EVENTS_H_

#include "selectors/selector_key.h"

namespace selectors {

// The events of one kernel call: EPOLLIN, EPOLLOUT and EPOLLPRI, for instance.
template <unsigned kInput, unsigned kOutput, unsigned kPriority>
struct PollEvents {
  static constexpr unsigned kIn = kInput;
  static constexpr unsigned kOut = kOutput;

  // Returns the kernel's bits that ask for `events`.
  static constexpr unsigned question(EventMask events) {
    return (events & EVENT_READ ? kIn : 0) | (events & EVENT_WRITE ? kOut : 0) |
           (events & EVENT_PRIORITY ? kPriority : 0);
  }

  // Returns the events that the kernel's bits stand for. An error or a hang-up
  // makes a file object ready for each event that it is registered for, so that
  // the next call meets it.
  //
  // Port of the masks in selectors._PollLikeSelector.select (CPython 3.15).
  static constexpr EventMask meaning(unsigned answer) {
    constexpr EventMask kBroken =
        EVENT_READ | EVENT_WRITE | EVENT_PRIORITY | EVENT_ERROR;
    return (answer & kIn ? EVENT_READ : 0) | (answer & kOut ? EVENT_WRITE : 0) |
           (answer & kPriority ? EVENT_PRIORITY : 0) |
           (answer & ~(kIn | kOut | kPriority) ? kBroken : 0);
  }
};

}  // namespace selectors

#endif  // SELECTORS_POLL_EVENTS_H_

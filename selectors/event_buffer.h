// Room for what a kernel tells at once, where it tells only what is ready.

#ifndef SELECTORS_EVENT_BUFFER_H_
#define SELECTORS_EVENT_BUFFER_H_

#include <cstddef>
#include <new>
#include <span>
#include <vector>

#include "selectors/timeout.h"

namespace selectors {

// Sized by how much has been ready at once, not by how much is registered: a
// server with 10,000 idle connections needs a handful of places.
template <class Event>
class EventBuffer {
 public:
  std::size_t size() const { return events_.size(); }

  // Calls `ask`(places, timeout), which waits and returns how many places it
  // filled or -1, and `report`(event) for each. If all are filled there may be
  // more: asks again, without waiting, in a buffer twice as large, until it has
  // heard everything. `reserve`(count) goes before each question and does
  // whatever may fail, so that no event is lost between `ask` and `report`.
  // Returns what the first `ask` returned.
  template <class Reserve, class Ask, class Report>
  int fill(const Timeout& timeout, Reserve reserve, Ask ask, Report report) {
    reserve(size());
    const int first = ask(std::span(events_), timeout);
    for (int count = first; count > 0;) {
      for (int i = 0; i < count; ++i) {
        report(events_[static_cast<std::size_t>(i)]);
      }
      if (static_cast<std::size_t>(count) < size()) break;
      try {
        events_.resize(2 * size());
        reserve(size());
      } catch (const std::bad_alloc&) {
        break;  // The kernel keeps the rest until the next wait.
      }
      count = ask(std::span(events_), Timeout::nanoseconds::zero());
    }
    return first;
  }

 private:
  static constexpr std::size_t kFirstSize = 16;
  std::vector<Event> events_ = std::vector<Event>(kFirstSize);
};

}  // namespace selectors

#endif  // SELECTORS_EVENT_BUFFER_H_

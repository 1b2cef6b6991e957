// `EventBuffer`: the array that a kernel fills with ready events.

#ifndef SELECTORS_EVENT_BUFFER_H_
#define SELECTORS_EVENT_BUFFER_H_

#include <memory>
#include <new>

#include "selectors/wait_limit.h"

namespace selectors {

// An array whose size follows the number of events that are ready at once, not
// the number of registrations: a server with 10,000 idle connections needs a
// few elements.
template <class Event>
class EventBuffer {
 public:
  // Returns the number of elements.
  int size() const { return size_; }

  // Waits for events and reports all of them. Calls `ask`(elements, size,
  // timeout), which waits and returns the number of elements that it filled, or
  // -1. Then calls `report`(event) for each event.
  //
  // If all elements are filled there may be more events. fill() then makes room
  // for twice as many, calls `grown`(), which makes room for size() more
  // reports, and calls `ask` again, without waiting, until all events are
  // reported. The first call names each registration at most once, so that
  // `report` need not look for an earlier event of it; a later call may repeat
  // one, so `report_more`(event) is called for its events instead.
  //
  // Returns false if the first call failed, with errno as `ask` left it.
  template <class Ask, class Report, class ReportMore, class Grown>
  bool fill(const WaitLimit& timeout, Ask ask, Report report,
            ReportMore report_more, Grown grown) {
    static constexpr WaitLimit kPoll = WaitLimit::nanoseconds::zero();
    for (const WaitLimit* wait = &timeout;; wait = &kPoll) {
      Event* const events = elements_.get();
      const int count = ask(events, size_, *wait);
      const bool is_first = wait != &kPoll;
      if (count < 0) [[unlikely]]
        return !is_first;
      if (is_first) {
        for (int i = 0; i < count; ++i) report(events[i]);
      } else {
        for (int i = 0; i < count; ++i) report_more(events[i]);
      }
      if (count < size_) return true;
      if (!grow(grown)) return true;
    }
  }

 private:
  static constexpr int kFirstSize = 16;

  // Doubles the size. Returns false if memory runs out: the kernel keeps the
  // remaining events until the next wait.
  template <class Grown>
  bool grow(Grown grown) {
    const int before = size_;
    try {
      elements_ = std::make_unique<Event[]>(2 * before);
      size_ = 2 * before;
      grown();
      return true;
    } catch (const std::bad_alloc&) {
      size_ = before;  // Never more elements than there is room for reports.
      return false;
    }
  }

  int size_ = kFirstSize;
  std::unique_ptr<Event[]> elements_ = std::make_unique<Event[]>(kFirstSize);
};

}  // namespace selectors

#endif  // SELECTORS_EVENT_BUFFER_H_

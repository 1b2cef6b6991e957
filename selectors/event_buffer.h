// Room for what a kernel tells at once, where it tells only what is ready.

#ifndef SELECTORS_EVENT_BUFFER_H_
#define SELECTORS_EVENT_BUFFER_H_

#include <memory>
#include <new>

#include "selectors/timeout.h"

namespace selectors {

// Sized by how much has been ready at once, not by how much is registered: a
// server with 10,000 idle connections needs a handful of places.
template <class Event>
class EventBuffer {
 public:
  int size() const { return size_; }

  // Calls `ask`(places, size, timeout), which waits and returns how many places
  // it filled or -1, and `report`(event) for each. If all are filled there may
  // be more: asks again, without waiting, in a buffer twice as large, until it
  // has heard everything. `grown`() then makes room for size() more reports, so
  // that no event is lost between `ask` and `report` for want of memory.
  // Returns false if the first question failed, with errno as `ask` left it.
  template <class Ask, class Report, class Grown>
  bool fill(const Timeout& timeout, Ask ask, Report report, Grown grown) {
    static constexpr Timeout kLook = Timeout::nanoseconds::zero();
    for (const Timeout* wait = &timeout;; wait = &kLook) {
      const int count = ask(places_.get(), size_, *wait);
      for (int i = 0; i < count; ++i) report(places_[i]);
      if (count < size_) return count >= 0 || wait == &kLook;
      if (!grow(grown)) return true;
    }
  }

 private:
  static constexpr int kFirstSize = 16;

  // False if there is no memory: the kernel keeps the rest until the next wait.
  template <class Grown>
  bool grow(Grown grown) {
    const int before = size_;
    try {
      places_ = std::make_unique<Event[]>(2 * before);
      size_ = 2 * before;
      grown();
      return true;
    } catch (const std::bad_alloc&) {
      size_ = before;  // Never more places than there is room for reports.
      return false;
    }
  }

  int size_ = kFirstSize;
  std::unique_ptr<Event[]> places_ = std::make_unique<Event[]>(kFirstSize);
};

}  // namespace selectors

#endif  // SELECTORS_EVENT_BUFFER_H_

// Does what somebody refers to still exist?

#ifndef LOOP_FUTURES_LIFETIME_H_
#define LOOP_FUTURES_LIFETIME_H_

#include "loop/futures/intrusive_list.h"

namespace loop {

// Those who will use an object once more, if it exists then. Between two steps
// of a coroutine anything may have been destroyed: by another task, or because
// the loop closes, whose tasks are destroyed one after the other.
class Dependents {
 public:
  ~Dependents() {
    while (!ring_.empty()) ring_.pop_front();
  }

 private:
  friend class Dependent;
  Ring<RingLink> ring_;
};

// One of them. Can be moved.
class Dependent : private RingLink {
 public:
  // Of the object that `dependents` is a member of.
  explicit Dependent(Dependents& dependents) {
    dependents.ring_.push_back(*this);
  }

  // Has the object not been destroyed?
  bool object_exists() const { return is_linked(); }
};

}  // namespace loop

#endif  // LOOP_FUTURES_LIFETIME_H_

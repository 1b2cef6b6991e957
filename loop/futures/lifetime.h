// `Lifetime`, `LifetimeObserver`: detect that an object has been destroyed.

#ifndef LOOP_FUTURES_LIFETIME_H_
#define LOOP_FUTURES_LIFETIME_H_

#include "loop/futures/intrusive_list.h"

namespace loop {

// The list of the observers of an object; a member of that object. Between two
// steps of a coroutine any object may be destroyed: by another task, or because
// the loop closes and destroys its tasks one after another.
class Lifetime {
 public:
  ~Lifetime() {
    while (!observers_.empty()) observers_.pop_front();
  }

 private:
  friend class LifetimeObserver;
  IntrusiveList<ListLink> observers_;
};

// Observes the lifetime of an object. Movable.
class LifetimeObserver : private ListLink {
 public:
  // Observes the object that `lifetime` is a member of.
  explicit LifetimeObserver(Lifetime& lifetime) {
    lifetime.observers_.push_back(*this);
  }

  // Returns whether the object still exists.
  bool object_exists() const { return is_linked(); }
};

}  // namespace loop

#endif  // LOOP_FUTURES_LIFETIME_H_

// Does what somebody refers to still exist?

#ifndef LOOP_FUTURES_LIFETIME_H_
#define LOOP_FUTURES_LIFETIME_H_

#include "loop/futures/intrusive_list.h"

namespace loop {

// Those who will use an object once more, if it exists then. Between two steps
// of a coroutine anything may have been destroyed: by another task, or because
// the loop closes, whose tasks are destroyed one after the other.
class Lifetime {
 public:
  ~Lifetime() {
    while (!observers_.empty()) observers_.pop_front();
  }

 private:
  friend class LifetimeObserver;
  IntrusiveList<ListLink> observers_;
};

// One of them. Can be moved.
class LifetimeObserver : private ListLink {
 public:
  // Of the object that `lifetime` is a member of.
  explicit LifetimeObserver(Lifetime& lifetime) {
    lifetime.observers_.push_back(*this);
  }

  // Has the object not been destroyed?
  bool object_exists() const { return is_linked(); }
};

}  // namespace loop

#endif  // LOOP_FUTURES_LIFETIME_H_

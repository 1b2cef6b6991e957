// `KeptByLoop`: the objects that a loop keeps alive while they wait.

#ifndef LOOP_FUTURES_KEPT_BY_LOOP_H_
#define LOOP_FUTURES_KEPT_BY_LOOP_H_

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/futures/intrusive_list.h"

namespace loop {

// The objects of a class T, derived from ListLink and ReferenceCounted, to
// which a loop holds a reference. When the loop closes, it calls abandon() of
// each, which must call let_go().
template <class T>
class KeptByLoop final : public LoopExtension {
 public:
  explicit KeptByLoop(EventLoop&) {}
  ~KeptByLoop() override {
    while (!objects_.empty()) objects_.front().abandon();
  }

  // Keeps `object`, which is in no list, until let_go().
  void keep(T& object) {
    objects_.push_back(object);
    object.retain();
  }
  // May destroy the object.
  static void let_go(T& object) {
    object.unlink();
    object.release();
  }

 private:
  IntrusiveList<T> objects_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_KEPT_BY_LOOP_H_

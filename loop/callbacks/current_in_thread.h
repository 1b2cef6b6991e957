// `CurrentInThread`: the object of a class that runs in the calling thread.

#ifndef LOOP_CALLBACKS_CURRENT_IN_THREAD_H_
#define LOOP_CALLBACKS_CURRENT_IN_THREAD_H_

#include <utility>

#include "selectors/forks.h"

namespace loop {

/// The `T`, such as a loop or a task, that runs in the calling thread.
///
/// In the child of a fork() no `T` is current, because the one that ran in the
/// forking thread is the parent's. Python compares process ids for the same
/// effect (gh-139894).
template <class T>
class CurrentInThread {
 public:
  /// Returns the current object; nullptr if there is none.
  static T* get() { return current_; }
  /// Makes `object` the current one; nullptr for none. Returns the object that
  /// was current before.
  static T* exchange(T* object) { return std::exchange(current_, object); }

  /// In the child of a fork(), returns the object that was current in the
  /// forking thread; otherwise nullptr.
  static T* forked() { return forked_; }
  /// Makes forked() return nullptr from now on.
  static void forget_forked() { forked_ = nullptr; }

  /// Makes children of fork() have no current object. Called once, when the
  /// program starts. Returns true.
  static bool leave_parent_at_fork() {
    return selectors::at_fork({.in_child = [] {
      if (current_ != nullptr) forked_ = std::exchange(current_, nullptr);
    }});
  }

 private:
  static inline constinit thread_local T* current_ = nullptr;
  static inline constinit thread_local T* forked_ = nullptr;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_CURRENT_IN_THREAD_H_

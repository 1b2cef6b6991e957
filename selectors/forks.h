// Telling a process from the children that fork() makes of it.

#ifndef SELECTORS_FORKS_H_
#define SELECTORS_FORKS_H_

#include <atomic>

namespace selectors {

namespace forks_internal {

// Changed in a child of fork() only, before fork() returns there.
extern unsigned count;

}  // namespace forks_internal

/// `forks()`: the number of calls of fork() between the start of the program
/// and this process. Costs no system call.
/// Only fork() itself counts: vfork(), _Fork() and a bare clone() run no
/// handlers of pthread_atfork(3), and their children are taken for the parent.
inline unsigned forks() { return forks_internal::count; }

/// `HomeProcess`: a member that remembers the process in which its object was
/// made. From any thread.
class HomeProcess {
 public:
  /// Returns whether this is a child of that process, or a child's child.
  bool is_left() const {
    return forks_.load(std::memory_order_acquire) != forks();
  }

  /// Makes this process the home. What other threads wrote before is visible to
  /// a thread for which is_left() returns false afterwards.
  void move_here() { forks_.store(forks(), std::memory_order_release); }

 private:
  std::atomic<unsigned> forks_ = forks();
};

/// The handlers of one pthread_atfork(3); nullptr where there is nothing to do.
struct ForkHandlers {
  void (*before)() = nullptr;
  void (*in_parent)() = nullptr;
  void (*in_child)() = nullptr;
};

/// Has `handlers` called by every fork() from now on, in the thread that calls
/// it. Returns true, so that a constant of a namespace can be initialized with
/// it; ends the program if there is no memory.
bool at_fork(const ForkHandlers& handlers);

/// Has fork() wait for `mutex`, which is static: a child then finds it
/// unlocked, and what it guards whole, although the thread that held it does
/// not exist there.
template <auto& mutex>
bool lock_for_fork() {
  const auto unlock = [] { mutex.unlock(); };
  return at_fork({[] { mutex.lock(); }, unlock, unlock});
}

}  // namespace selectors

#endif  // SELECTORS_FORKS_H_

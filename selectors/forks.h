// `forks()`, `HomeProcess`, `at_fork()`: distinguish a process from its
// children of fork(), and run handlers at fork().

#ifndef SELECTORS_FORKS_H_
#define SELECTORS_FORKS_H_

#include <atomic>

namespace selectors {

namespace forks_internal {

// The result of forks(). Changes only in a child of fork(), before fork()
// returns there.
extern unsigned count;

}  // namespace forks_internal

/// Returns the number of calls of fork() between the start of the program and
/// this process. Costs no system call. Only fork() itself counts: vfork(),
/// _Fork() and a bare clone() run no handlers of pthread_atfork(3), and their
/// children are mistaken for the parent.
inline unsigned forks() { return forks_internal::count; }

/// A member that remembers the process in which its object was made. Any thread
/// may call its functions.
class HomeProcess {
 public:
  /// Returns whether this process is a child of the home process, or a child's
  /// child.
  bool is_left() const {
    return forks_.load(std::memory_order_acquire) != forks();
  }

  /// Makes this process the home. A thread for which is_left() returns false
  /// afterwards sees all that other threads wrote before the call.
  void move_here() { forks_.store(forks(), std::memory_order_release); }

 private:
  std::atomic<unsigned> forks_ = forks();
};

/// The three handlers for one call of pthread_atfork(3); nullptr for none.
struct ForkHandlers {
  /// Runs in the parent before fork().
  void (*before)() = nullptr;
  /// Runs in the parent after fork().
  void (*in_parent)() = nullptr;
  /// Runs in the child after fork().
  void (*in_child)() = nullptr;
};

/// Registers `handlers`: from now on every fork() calls them, in its own
/// thread. Returns true, so that the result can initialize a constant of a
/// namespace. Ends the program if memory runs out.
bool at_fork(const ForkHandlers& handlers);

/// Makes fork() wait for `mutex`, which is static, and hold it. The child then
/// finds the mutex unlocked and the guarded data consistent, even if another
/// thread held the mutex when fork() was called. That thread does not exist in
/// the child. Returns true.
template <auto& mutex>
bool lock_for_fork() {
  const auto unlock = [] { mutex.unlock(); };
  return at_fork({[] { mutex.lock(); }, unlock, unlock});
}

}  // namespace selectors

#endif  // SELECTORS_FORKS_H_

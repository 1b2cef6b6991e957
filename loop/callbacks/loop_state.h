// `LoopState`: the part of EventLoop that knows whether the loop may be used,
// and by which thread.

#ifndef LOOP_CALLBACKS_LOOP_STATE_H_
#define LOOP_CALLBACKS_LOOP_STATE_H_

#include <atomic>
#include <thread>

#include "loop/callbacks/handle.h"
#include "loop/callbacks/mailbox.h"
#include "selectors/forks.h"

namespace loop {

class EventLoop;

/// The state of a loop that calls check: running, closed, in debug mode. A base
/// class of EventLoop, to be used through that class only.
class LoopState {
 public:
  LoopState(const LoopState&) = delete;
  LoopState& operator=(const LoopState&) = delete;

  /// Returns whether the loop is running in this process. From any thread.
  bool is_running() const;
  /// Returns whether close() has been called.
  bool is_closed() const { return closed_; }

  /// Returns a reference to this loop, which may outlive the loop. From any
  /// thread.
  LoopReference reference() const { return self_; }

  /// Turns debug mode on or off. In debug mode
  ///   - functions called from a wrong thread while the loop runs throw
  ///     RuntimeError,
  ///   - callbacks that took slow_callback_duration() or longer are reported,
  ///   - close() reports the callbacks that are still scheduled or registered
  ///     (beyond Python).
  /// A report is a line on standard error with the location of the scheduling.
  void set_debug(bool enabled) {
    debug_ = enabled;
    update_needs_checks();
  }
  /// Returns whether debug mode is on.
  bool get_debug() const { return debug_; }

  /// Throws RuntimeError in debug mode if the loop is running in a thread other
  /// than this. `function` names the caller in the message. For the layers
  /// above.
  void check_thread(const char* function) const {
    if (debug_) [[unlikely]]
      check_thread_now(function);
  }

 protected:
  // Acquires a mailbox for `loop`, whose base class this is.
  explicit LoopState(EventLoop& loop)
      : mailbox_(&Mailbox::acquire(loop)),
        self_(*mailbox_, mailbox_->generation()) {}
  // Releases the mailbox of a loop whose constructor failed.
  ~LoopState() {
    if (!closed_) mailbox_->release();
  }

  // Throws RuntimeError if the loop is closed, or if debug mode finds a wrong
  // thread. Between two iterations of a guest it wakes the host, as the caller
  // is about to change the loop.
  void check_usable(const char* function) const {
    if (needs_checks_) [[unlikely]]
      check_usable_now(function);
  }
  // Throws RuntimeError if the loop is closed.
  void check_open() const;
  // Throws RuntimeError in the child of a fork() before after_fork_in_child().
  void check_home() const;
  bool runs_here() const {
    return thread_.load() == std::this_thread::get_id();
  }
  void update_needs_checks() { needs_checks_ = debug_ || closed_ || rests_; }

  // closed_ || debug_ || rests_, so that calls test one flag.
  bool needs_checks_ = false;
  bool debug_ = false;
  bool closed_ = false;
  bool rests_ = false;  // Whether this is a guest between two iterations.
  std::atomic<std::thread::id> thread_{};  // The thread that runs the loop.
  selectors::HomeProcess process_;
  Mailbox* const mailbox_;
  const LoopReference self_;

 private:
  void check_usable_now(const char* function) const;
  void check_thread_now(const char* function) const;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_STATE_H_

// `RunningLoop`: the variable behind get_running_loop().

#ifndef LOOP_CALLBACKS_RUNNING_LOOP_H_
#define LOOP_CALLBACKS_RUNNING_LOOP_H_

namespace loop {

class EventLoop;

// The loop that is running in the calling thread. EventLoop sets it.
class RunningLoop {
 public:
  /// Returns the loop that is running in this thread; nullptr if none is.
  static EventLoop* get() { return current_; }
  /// Sets the loop that is running in this thread; nullptr for none.
  static void set(EventLoop* event_loop) { current_ = event_loop; }

  /// Throws RuntimeError if a loop is running in this thread.
  static void check_none();

 private:
  static constinit thread_local EventLoop* current_;
  // Initialized by at_fork(): in the child of a fork() no loop is running.
  static const bool leaves_parent;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_RUNNING_LOOP_H_

// `RunningLoop`: the variable behind get_running_loop().

#ifndef LOOP_CALLBACKS_RUNNING_LOOP_H_
#define LOOP_CALLBACKS_RUNNING_LOOP_H_

namespace loop {

class EventLoop;

// The loop that is running in the calling thread, which EventLoop sets.
class RunningLoop {
 public:
  /// Returns the loop that is running in this thread, or nullptr.
  static EventLoop* get() { return current_; }
  static void set(EventLoop* event_loop) { current_ = event_loop; }

  /// Throws RuntimeError if a loop is running in this thread.
  static void check_none();

 private:
  static constinit thread_local EventLoop* current_;
  static const bool leaves_parent;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_RUNNING_LOOP_H_

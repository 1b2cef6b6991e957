// `get_running_loop()`: the loop that is running in the calling thread.

#ifndef LOOP_CALLBACKS_RUNNING_LOOP_H_
#define LOOP_CALLBACKS_RUNNING_LOOP_H_

namespace loop {

class EventLoop;

/// The loop that is running in this thread. Throws RuntimeError if none is; in
/// the child of a fork() none is until it runs one or has called
/// after_fork_in_child().
// Port of asyncio.get_running_loop (CPython 3.15, Lib/asyncio/events.py).
EventLoop& get_running_loop();

/// The variable behind get_running_loop(), which EventLoop sets.
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

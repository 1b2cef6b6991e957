// `ReadSide`: the reading side of a stream, for which one task at a time waits.

#ifndef LOOP_STREAMS_READ_SIDE_H_
#define LOOP_STREAMS_READ_SIDE_H_

#include <string>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/task_core.h"
#include "loop/sockets/descriptor.h"

namespace loop {

// Suspends a task until a descriptor is readable and the operation of the task
// is done. The task then continues in the callback of the descriptor itself.
//
// The object stays a waiter of the loop between two operations, idle, so that
// waiting again costs a few stores. If bytes arrive meanwhile, the object
// leaves the loop, which would otherwise report them in each iteration.
class ReadSide final : private DescriptorWaiter {
 public:
  // An operation that waits, in the frame of the coroutine. Its cancel() calls
  // ReadSide::cancel().
  class Reader : public Blocker {
   public:
    // Called when the descriptor is readable. Returns whether the operation is
    // done. An exception ends it, and continues in the waiting task.
    virtual bool attempt() = 0;

   protected:
    ~Reader() = default;
  };

  // `descriptor` must outlive the object.
  explicit ReadSide(Descriptor& descriptor) : descriptor_(descriptor) {}
  ~ReadSide() override { leave_loop(/*keep=*/true); }

  // Throws RuntimeError, with the name of the function, while an operation
  // waits.
  void check_free(const char* function) const {
    if (reader_ != nullptr) [[unlikely]]
      throw_taken(function);
  }
  // Returns whether a task of `event_loop` can wait without join_loop(). In
  // debug mode each read joins again: the report of a slow callback names the
  // line of the read that the callback ended.
  bool has_joined(const EventLoop& event_loop) const {
    return loop_ == &event_loop && is_waiting() && !event_loop.get_debug();
  }
  // Becomes a waiter of the loop, for a task that waits in `frame`. All tasks
  // must be of one loop. Throws the errors of FdHandlers::wait().
  void join_loop(EventLoop& event_loop, const Frame& frame);
  // Makes a task of the loop wait for `reader`, until end(). Does nothing if
  // it throws.
  void begin(TaskCore& task, Reader& reader) {
    task_ = &task;
    is_idle_ = false;
    reader_ = &reader;
    try {
      task_->block_on(reader);
    } catch (...) {
      end(reader);
      throw;
    }
  }
  // Implements Blocker::cancel() of the reader that has begun.
  bool cancel(const std::string& message);
  // Ends the wait of `reader`, if it is the present one. Returns whether it
  // was.
  bool end(const Reader& reader) {
    if (reader_ != &reader) return false;
    reader_ = nullptr;
    is_idle_ = true;
    return true;
  }
  // Called after end(): throws CancelledError if the task was cancelled during
  // the wait, and the exception that ended it.
  void check_outcome() {
    const bool is_cancelled = task_->take_cancellation();
    if (is_cancelled || error_) [[unlikely]]
      throw_outcome(is_cancelled);
  }

  // Called before the descriptor is closed: the task continues soon.
  void close() {
    wake_up();
    leave_loop(/*keep=*/true);
  }

 private:
  void ready() override;
  void failed() override { task_->step(); }

  // Returns whether a task is suspended, and neither woken nor about to fail.
  bool is_suspending() const { return is_waiting() && !is_idle_; }
  void wake_up();
  // If `keep` is true, the handler stays until bytes arrive, or the descriptor
  // is closed.
  void leave_loop(bool keep);
  [[noreturn]] static void throw_taken(const char* function);
  [[noreturn]] void throw_outcome(bool is_cancelled);

  Descriptor& descriptor_;
  const EventLoop* loop_ = nullptr;  // Of the last join_loop().
  TaskCore* task_ = nullptr;         // The task that waited last.
  Reader* reader_ = nullptr;         // nullptr: no task reads.
};

}  // namespace loop

#endif  // LOOP_STREAMS_READ_SIDE_H_

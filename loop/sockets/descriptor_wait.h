// `DescriptorWait`: the part of an awaiter of a descriptor that does not depend
// on the operation.

#ifndef LOOP_SOCKETS_DESCRIPTOR_WAIT_H_
#define LOOP_SOCKETS_DESCRIPTOR_WAIT_H_

#include <exception>
#include <string>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/task_core.h"

namespace loop {

// Suspends a task until a descriptor is ready and attempt() returns true. The
// task then continues in the callback of the descriptor itself, as no other
// task can wait for that side.
class DescriptorWait : public DescriptorWaiter, public Blocker {
 public:
  using Side = FdHandlers::Side;

  DescriptorWait(const DescriptorWait&) = delete;
  DescriptorWait& operator=(const DescriptorWait&) = delete;
  // The loop may destroy a waiting task when it closes.
  ~DescriptorWait() override {
    if (is_waiting()) [[unlikely]]
      end();
  }

  void ready() final {
    try {
      if (!attempt()) return;
    } catch (...) {
      error_ = std::current_exception();
    }
    end();
    task_->step();
  }
  void failed() final { task_->step(); }
  bool cancel(const std::string& message) final;

 protected:
  // Waits for one side of `fd`. If `keep` is true, the handler stays until the
  // next wait, and a Descriptor owns `fd`.
  DescriptorWait(int fd, Side side, bool keep)
      : fd_(fd), side_(side), keep_(keep) {}
  // Begins the wait. Throws the errors of FdHandlers::wait().
  void start(Frame& frame) {
    task_ = &TaskCore::of(frame);
    task_->loop().wait(fd_, side_, *this, frame.where());
    task_->block_on(*this);  // If it throws, the destructor ends the wait.
  }

  // Called when the descriptor is ready. Returns whether the wait is over. An
  // exception ends the wait, and continues in the waiting task.
  virtual bool attempt() { return true; }

  // Called in await_resume(): throws CancelledError if the task was cancelled
  // during the wait, and the exception that ended it.
  void check_outcome() {
    if (task_ == nullptr) return;  // The task has not waited.
    if (task_->take_cancellation()) [[unlikely]]
      task_->throw_cancelled();
    if (error_) [[unlikely]]
      std::rethrow_exception(error_);
  }

 private:
  void end() { task_->loop().end_wait(fd_, side_, keep_); }

  const int fd_;
  const Side side_;
  const bool keep_;
  TaskCore* task_ = nullptr;
};

}  // namespace loop

#endif  // LOOP_SOCKETS_DESCRIPTOR_WAIT_H_

// `DescriptorWaiter`: an object that waits for a descriptor, once.

#ifndef LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_
#define LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_

#include <exception>

namespace loop {

// The base of awaiters of descriptors. FdHandlers::wait() begins the wait, and
// FdHandlers::end_wait() ends it. A waiter must exist until one of these:
// end_wait(), the return of failed(), the end of the loop.
class DescriptorWaiter {
 public:
  virtual ~DescriptorWaiter() = default;

  // Called in each iteration in which the descriptor is ready, until
  // end_wait().
  virtual void ready() = 0;

  // Called once, in a callback of the loop, after the wait has failed. Nothing
  // else is called afterwards.
  virtual void failed() = 0;

 protected:
  DescriptorWaiter() = default;
  DescriptorWaiter(const DescriptorWaiter&) = delete;
  DescriptorWaiter& operator=(const DescriptorWaiter&) = delete;

  // Returns whether the wait has begun, and has neither ended nor failed.
  bool is_waiting() const { return is_waiting_; }

  // The reason why the wait has failed: the kernel's refusal, EBADF for a
  // number that was closed, or RuntimeError for a handler that was removed or
  // replaced. A derived class may set another.
  std::exception_ptr error_;

 private:
  friend class FdHandlers;

  bool is_waiting_ = false;
  DescriptorWaiter* next_failed_ = nullptr;  // A list that needs no memory.
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_

// `DescriptorWaiter`: an object that waits for a descriptor.

#ifndef LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_
#define LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_

#include <exception>

namespace loop {

// The base of awaiters of descriptors, and of objects that wait for one
// themselves. FdHandlers::wait() begins the wait, and FdHandlers::end_wait()
// ends it. A waiter must exist until one of these:
// end_wait(), the return of failed(), the end of the loop.
//
// A waiter that serves one task after another stays in its handler between two
// waits, idle. ready() is then still called. The next FdHandlers::wait() of
// another waiter for that side takes an idle one out, without failed().
class DescriptorWaiter {
 public:
  virtual ~DescriptorWaiter() = default;

  // Called in each iteration in which the descriptor is ready, until
  // end_wait().
  virtual void ready() = 0;

  // Called once for each wait that has failed, in a callback of the loop; not
  // for an idle waiter. Nothing else is called until the next wait.
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

  // Whether no task waits at present. The derived class sets it.
  bool is_idle_ = false;

 private:
  friend class FdHandlers;

  bool is_waiting_ = false;
  DescriptorWaiter* next_failed_ = nullptr;  // A list that needs no memory.
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_DESCRIPTOR_WAITER_H_

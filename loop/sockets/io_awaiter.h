// `Io`: an operation on a descriptor that is tried first, and tried again
// whenever the descriptor is ready.

#ifndef LOOP_SOCKETS_IO_AWAITER_H_
#define LOOP_SOCKETS_IO_AWAITER_H_

#include <utility>

#include "loop/sockets/descriptor.h"
#include "loop/sockets/descriptor_wait.h"

namespace loop {

/// An operand for `co_await` that runs an operation until it is done. The task
/// is suspended only while the operation would block, and is not resumed in
/// between. A movable value, which may be awaited once. An `Operation` has
///   - `Descriptor& descriptor() const`, which must outlive the wait,
///   - `FdHandlers::Side side() const`, the side to wait for,
///   - `bool waits_first() const`, whether attempt() would certainly block,
///   - `bool attempt()`, which makes the system call, and returns false if the
///     call would block; throws OSError for another error,
///   - `auto result()`, the result once attempt() has returned true.
template <class Operation>
class [[nodiscard]] Io {
 public:
  class Awaiter;

  /// Makes the operand of `operation`.
  explicit Io(Operation operation) : operation_(std::move(operation)) {}

  /// Suspends the task until the operation is done.
  Awaiter operator co_await() { return Awaiter(std::move(operation_)); }

 private:
  Operation operation_;
};

template <class Operation>
class Io<Operation>::Awaiter final : public DescriptorWait,
                                     public FrameAwaiter<Awaiter> {
 public:
  explicit Awaiter(Operation operation)
      : DescriptorWait(operation.descriptor().fileno(), operation.side(),
                       /*keep=*/true),
        operation_(std::move(operation)) {}

  bool await_ready() {
    return !operation_.waits_first() && operation_.attempt();
  }
  void suspend(Frame& frame) {
    operation_.descriptor().note_wait(TaskCore::of(frame).loop().reference());
    start(frame);
  }
  decltype(auto) await_resume() {
    check_outcome();
    return operation_.result();
  }

 private:
  bool attempt() override { return operation_.attempt(); }

  Operation operation_;
};

}  // namespace loop

#endif  // LOOP_SOCKETS_IO_AWAITER_H_

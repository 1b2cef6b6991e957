// `StreamRead`: the operand of `co_await` of StreamReader's functions.

#ifndef LOOP_STREAMS_STREAM_READ_H_
#define LOOP_STREAMS_STREAM_READ_H_

#include <string>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/reference.h"
#include "loop/streams/read_side.h"
#include "loop/streams/stream_core.h"

namespace loop {

/// A read operation of a stream, which `co_await` runs. The task is suspended
/// until the operation has its bytes or the stream ends, and is not resumed in
/// between. A cancelled operation takes no bytes. May be awaited once.
///
/// An `Operation` is made of its Plan, and has a name, kName; take(), which
/// StreamCore::take_kept() describes; and result().
template <class Operation>
class [[nodiscard]] StreamRead {
 public:
  class Awaiter;

  /// Makes the operand; StreamReader's functions do.
  StreamRead(StreamCore& core, typename Operation::Plan plan)
      : core_(&core), plan_(std::move(plan)) {}

  /// Begins the operation.
  Awaiter operator co_await() {
    return Awaiter(std::move(core_), std::move(plan_));
  }

 private:
  Reference<StreamCore> core_;
  [[no_unique_address]] typename Operation::Plan plan_;
};

template <class Operation>
class StreamRead<Operation>::Awaiter final
    : private StreamHolder,
      private ReadSide::Reader,
      public FrameAwaiter<StreamRead<Operation>::Awaiter> {
 public:
  Awaiter(Reference<StreamCore> core, typename Operation::Plan plan)
      : StreamHolder(std::move(core)), operation_(std::move(plan)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  // The loop may destroy a waiting task when it closes.
  virtual ~Awaiter() { core().read_side().end(*this); }

  bool await_ready() {
    core().read_side().check_free(Operation::kName);
    done_ = core().take_kept(operation_);
    return done_ || (!core().waits_first() && core().take(operation_, done_));
  }
  void suspend(Frame& frame) {
    core().check_loop(TaskCore::of(frame).loop());
    core().read_side().begin(frame, *this);
  }
  // Throws CancelledError, the kernel's refusal to wait, and the errors of the
  // operation.
  decltype(auto) await_resume() {
    ReadSide& side = core().read_side();
    if (side.end(*this)) side.check_outcome();
    if (!done_) [[unlikely]]
      core().take_at_end(operation_);
    return operation_.result();
  }

 private:
  bool cancel(const std::string& message) override {
    return core().read_side().cancel(message);
  }
  bool attempt() override {
    core().note_ready();
    return core().take(operation_, done_);
  }

  Operation operation_;
  bool done_ = false;
};

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_READ_H_

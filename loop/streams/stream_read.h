// `StreamRead`: the operand of `co_await` of StreamReader's functions.

#ifndef LOOP_STREAMS_STREAM_READ_H_
#define LOOP_STREAMS_STREAM_READ_H_

#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/future_core.h"
#include "loop/sockets/descriptor_wait.h"
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

// The part of the awaiter that does not depend on the operation.
class StreamReadWait : protected StreamHolder, public DescriptorWait {
 public:
  ~StreamReadWait() override { end(); }

 protected:
  explicit StreamReadWait(Reference<StreamCore> core)
      : StreamHolder(std::move(core)),
        DescriptorWait(this->core().descriptor().fileno(), FdHandlers::kReader,
                       /*keep=*/true) {}

  void begin(Frame& frame) {
    const TaskCore& task = TaskCore::of(frame);
    core().check_loop(task.loop());
    core().descriptor().note_wait(task.loop().reference());
    start(frame);
    core().set_reader(this);
  }
  // Throws CancelledError, and the kernel's refusal to wait.
  void check() {
    end();
    check_outcome();
  }

 private:
  void end() {
    if (core().reader() == this) core().set_reader(nullptr);
  }
};

template <class Operation>
class StreamRead<Operation>::Awaiter final
    : public StreamReadWait,
      public FrameAwaiter<StreamRead<Operation>::Awaiter> {
 public:
  Awaiter(Reference<StreamCore> core, typename Operation::Plan plan)
      : StreamReadWait(std::move(core)), operation_(std::move(plan)) {}

  bool await_ready() {
    core().begin_read(Operation::kName);
    done_ = core().take_kept(operation_);
    return done_ || (!core().waits_first() && take());
  }
  void suspend(Frame& frame) { begin(frame); }
  decltype(auto) await_resume() {
    check();
    if (!done_) [[unlikely]]
      core().take_at_end(operation_);
    return operation_.result();
  }

 private:
  bool attempt() override {
    core().note_ready();
    return take();
  }
  // Receives until the operation is done, the stream ends or would block.
  bool take() {
    do {
      if (core().take_more(operation_, done_)) return true;
    } while (!core().waits_first());
    return false;
  }

  Operation operation_;
  bool done_ = false;
};

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_READ_H_

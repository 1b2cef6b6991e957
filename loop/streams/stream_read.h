// `StreamRead`: the operand of `co_await` of StreamReader's functions.

#ifndef LOOP_STREAMS_STREAM_READ_H_
#define LOOP_STREAMS_STREAM_READ_H_

#include <string>
#include <string_view>
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
/// between. A cancelled operation takes no bytes. Keeps the stream alive. May
/// be moved until it is awaited, and awaited once, by the coroutine in whose
/// frame it is.
///
/// An `Operation` has a name, kName; take(bytes, is_at_end), which returns the
/// number of bytes that the operation takes, or nullopt if it needs more; and
/// result().
template <class Operation>
class [[nodiscard]] StreamRead final  // NOLINT(*-virtual-class-destructor)
    : private ReadSide::Reader {
 public:
  class Awaiter;

  /// Makes the operation; StreamReader's functions do.
  template <class... Arguments>
  StreamRead(StreamCore& core, Arguments&&... arguments)  // NOLINT: implicit
      : core_(&core), operation_(std::forward<Arguments>(arguments)...) {}
  /// Moves an operation that has not been awaited.
  StreamRead(StreamRead&& other) noexcept
      : core_(other.core_), operation_(std::move(other.operation_)) {}
  StreamRead& operator=(StreamRead&&) = delete;
  // The loop may destroy a waiting task when it closes. (A virtual destructor,
  // which no owner needs, would take 8 of the instructions of each read.)
  ~StreamRead() { core_->read_side().end(*this); }

  /// Begins the operation.
  Awaiter operator co_await() { return Awaiter(*this); }

 private:
  friend class StreamCore;

  bool try_now() {
    core_->read_side().check_free(Operation::kName);
    if (core_->take_kept(*this)) return true;
    return !core_->waits_first() && core_->take(*this);
  }
  void wait(Frame& frame) {
    TaskCore& task = TaskCore::of(frame);
    ReadSide& side = core_->read_side();
    if (!side.has_joined(task.loop())) [[unlikely]]
      core_->join_loop(task.loop(), frame);
    side.begin(task, *this);
  }
  // Throws CancelledError, the kernel's refusal to wait, and the errors of the
  // operation. One that is done was not cancelled: cancel() ends the wait, and
  // no attempt() follows.
  decltype(auto) result() {
    if (!done_) [[unlikely]]
      end_early();
    return operation_.result();
  }
  void end_early() {
    ReadSide& side = core_->read_side();
    if (side.end(*this)) side.check_outcome();
    core_->take_at_end(*this);
  }

  // For StreamCore.
  auto offer(std::string_view bytes, bool is_at_end) {
    return operation_.take(bytes, is_at_end);
  }
  void set_done() { done_ = true; }

  bool cancel(const std::string& message) override {
    return core_->read_side().cancel(message);
  }
  bool attempt() override {
    core_->note_ready();
    return core_->take(*this);
  }

  Reference<StreamCore> core_;
  Operation operation_;
  bool done_ = false;
};

// Refers to the operation, which `co_await` keeps. It is a class of its own
// because g++ moves an operand that is its own awaiter.
template <class Operation>
class StreamRead<Operation>::Awaiter
    : public FrameAwaiter<StreamRead<Operation>::Awaiter> {
 public:
  explicit Awaiter(StreamRead& read) : read_(read) {}
  bool await_ready() { return read_.try_now(); }
  void suspend(Frame& frame) { read_.wait(frame); }
  decltype(auto) await_resume() { return read_.result(); }

 private:
  StreamRead& read_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_READ_H_

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
/// be moved until it is awaited, and awaited once.
///
/// An `Operation` has a name, kName; take(), which StreamCore::take_kept()
/// describes; and result().
template <class Operation>
class [[nodiscard]] StreamRead final : private StreamHolder,
                                       private ReadSide::Reader {
 public:
  class Awaiter;

  /// Makes the operation; StreamReader's functions do.
  template <class... Arguments>
  StreamRead(StreamCore& core, Arguments&&... arguments)
      : StreamHolder(Reference(&core)),
        operation_(std::forward<Arguments>(arguments)...) {}
  /// Moves an operation that has not been awaited.
  StreamRead(StreamRead&& other) noexcept
      : StreamHolder(other), operation_(std::move(other.operation_)) {}
  StreamRead& operator=(StreamRead&&) = delete;
  // The loop may destroy a waiting task when it closes. (A virtual destructor,
  // which no owner needs, would take 8 of the instructions of each read.)
  ~StreamRead() { core().read_side().end(*this); }  // NOLINT(*virtual*)

  /// Begins the operation.
  Awaiter operator co_await() { return Awaiter(*this); }

 private:
  friend class StreamCore;

  bool try_now() {
    core().read_side().check_free(Operation::kName);
    return core().take_kept(*this) ||
           (!core().waits_first() && core().take(*this));
  }
  void wait(Frame& frame) {
    TaskCore& task = TaskCore::of(frame);
    if (!core().read_side().has_joined(task.loop())) [[unlikely]]
      core().join_loop(task.loop(), frame);
    core().read_side().begin(task, *this);
  }
  // Throws CancelledError, the kernel's refusal to wait, and the errors of the
  // operation.
  decltype(auto) result() {
    ReadSide& side = core().read_side();
    if (side.end(*this)) side.check_outcome();
    if (!done_) [[unlikely]]
      core().take_at_end(*this);
    return operation_.result();
  }

  // Offers bytes to the operation; see StreamCore::take_kept().
  auto offer(std::string_view bytes, bool is_at_end) {
    const auto taken = operation_.take(bytes, is_at_end);
    done_ = taken.has_value();
    return taken;
  }

  bool cancel(const std::string& message) override {
    return core().read_side().cancel(message);
  }
  bool attempt() override {
    core().note_ready();
    return core().take(*this);
  }

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

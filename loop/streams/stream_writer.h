// `StreamWriter`: writes to a connection or pipe. Port of asyncio.StreamWriter.

#ifndef LOOP_STREAMS_STREAM_WRITER_H_
#define LOOP_STREAMS_STREAM_WRITER_H_

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/recycled_memory.h"
#include "loop/futures/reference.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"
#include "loop/sockets/address.h"
#include "loop/streams/stream_core.h"

namespace loop {

/// The writing side of a stream.
///
/// ```cpp
/// writer.write("hello\n");
/// co_await writer.drain();  // Waits if the peer is slow.
/// writer.close();
/// co_await writer.wait_closed();
/// ```
///
/// A handle: all copies write to the same stream. When the last reader and
/// writer of a stream are destroyed, its unsent data are sent, and then the
/// connection is closed.
///
/// An error of the connection is thrown by drain() and wait_closed(), not by
/// write(). It is an OSError: ECONNRESET or EPIPE if the peer is gone. SIGPIPE
/// never ends the program.
///
/// Threads: the loop's thread only.
///
/// Port of asyncio.StreamWriter and of its transport (CPython 3.15,
/// Lib/asyncio/streams.py, selector_events.py and unix_events.py).
class StreamWriter {
 public:
  class DrainAwaiter;
  class WaitClosedAwaiter;

  /// Makes a writer of `core`. For functions that open streams.
  explicit StreamWriter(StreamCore& core) : core_(&core) {}

  /// Sends `data`, or keeps the part that the kernel does not take now and
  /// sends it later. Never waits: await drain() between writes. Does nothing on
  /// a lost connection; the fifth write to one is reported to the exception
  /// handler, once. Throws RuntimeError after write_eof() of a socket, even if
  /// `data` is empty. Throws std::bad_alloc if there is no memory for what is
  /// kept; if a part has been sent then, the connection is lost.
  void write(std::string_view data) const { core_->write(data); }

  /// Writes several pieces as one. Differs from write() in nothing else.
  void writelines(std::initializer_list<std::string_view> pieces) const {
    core_->writelines(pieces);
  }
  /// Writes the strings of a range as one piece.
  template <std::ranges::input_range Pieces>
  void writelines(const Pieces& pieces) const {
    core_->writelines(pieces);
  }

  /// `co_await writer.drain()` waits if more bytes are unsent than the high
  /// limit, until no more than the low limit are left. All waiters then resume,
  /// even if the first of them closes the stream. Does not suspend otherwise.
  /// Throws the error of the connection, or OSError (ECONNRESET) if the stream
  /// was closed before the call. If another task aborts the stream during the
  /// wait, the wait ends without an exception.
  /// Differs from Python: there, drain() yields once if the stream is closing,
  /// so that an error can arrive; here write() meets an error at once.
  HeldOperation<StreamCore, DrainAwaiter> drain() const {
    return HeldOperation<StreamCore, DrainAwaiter>(core_);
  }

  /// Ends the stream for the peer (half-close) when all data are sent; reading
  /// goes on. For a pipe, closes it. No effect on a closing stream, or on a
  /// lost connection. Differs from Python: there, OSError (ENOTCONN) is raised
  /// if the peer has reset the connection.
  void write_eof() const { core_->write_eof(); }
  /// Returns true.
  bool can_write_eof() const { return true; }

  /// Closes the stream when all data are sent. Until then write() adds data. A
  /// task that waits for bytes gets the end of the stream when all data are
  /// sent, if not before; a later read gets it at once.
  void close() const { core_->close(); }
  /// Closes the stream at once, and drops unsent data. Port of
  /// asyncio.WriteTransport.abort.
  void abort() const { core_->abort(); }
  /// Returns whether the stream is closed or closing, or its connection lost.
  bool is_closing() const { return core_->is_closing(); }

  /// `co_await writer.wait_closed()` waits until the stream is closed: after
  /// close(), until the unsent data are sent. Throws the error that ended the
  /// connection, if there was one.
  HeldOperation<StreamCore, WaitClosedAwaiter> wait_closed() const {
    return HeldOperation<StreamCore, WaitClosedAwaiter>(core_);
  }

  /// Returns the number of bytes that are not sent yet. Port of
  /// asyncio.WriteTransport.get_write_buffer_size.
  std::size_t get_write_buffer_size() const { return core_->unsent(); }

  /// Sets the limits of drain(), in bytes. If one is not given, `high` is four
  /// times `low`. If none is given, the limits are 64 KiB and 16 KiB. Throws
  /// ValueError if `low` is greater than `high`. Port of
  /// asyncio.WriteTransport.set_write_buffer_limits.
  void set_write_buffer_limits(std::optional<std::size_t> high = {},
                               std::optional<std::size_t> low = {}) const;

  /// Returns the limits of drain(): low and high. Port of
  /// asyncio.WriteTransport.get_write_buffer_limits.
  std::pair<std::size_t, std::size_t> get_write_buffer_limits() const {
    return {core_->limits().low, core_->limits().high};
  }

  /// Returns the address of the peer. Throws OSError for a stream without one.
  /// Port of get_extra_info("peername").
  Address getpeername() const;
  /// Returns the address of this side. Throws OSError for a stream without one.
  /// Port of get_extra_info("sockname").
  Address getsockname() const;
  /// Returns the descriptor; -1 once it is closed. The stream owns it. Port of
  /// get_extra_info("socket").
  int fileno() const { return core_->descriptor().fileno(); }

  /// Returns the shared state, for the layers above.
  StreamCore& core() const { return *core_; }

 private:
  Reference<StreamCore> core_;
};

class StreamWriter::DrainAwaiter final
    : public FrameAwaiter<StreamWriter::DrainAwaiter> {
 public:
  explicit DrainAwaiter(StreamCore& core) : core_(core) {}

  bool await_ready() const { return !core_.is_paused(); }
  void suspend(Frame& frame) {
    wait_ = std::make_unique<Wait>();
    wait_->start(frame, core_.drainers(), core_.bound_loop());
  }
  void await_resume() {
    if (wait_) [[unlikely]] {
      wait_->end_or_throw();
      core_.check_error();
    } else if (core_.is_lost()) [[unlikely]] {
      throw_lost();
    }
  }

 private:
  class Wait final : public Recycled, public Waiter {
   public:
    using Waiter::end_or_throw;
    using Waiter::start;
  };

  [[noreturn]] void throw_lost() const;

  StreamCore& core_;
  // Apart from the frame, which every connection has: few tasks ever wait here.
  std::unique_ptr<Wait> wait_;
};

class StreamWriter::WaitClosedAwaiter final
    : public Waiter,
      public FrameAwaiter<StreamWriter::WaitClosedAwaiter> {
 public:
  explicit WaitClosedAwaiter(StreamCore& core) : core_(core) {}

  bool await_ready() const { return core_.is_lost(); }
  void suspend(Frame& frame) {
    start(frame, core_.closers(), core_.bound_loop());
  }
  void await_resume() {
    if (has_waited()) end_or_throw();
    core_.check_error();
  }

 private:
  StreamCore& core_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_WRITER_H_

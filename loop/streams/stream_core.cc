#include "loop/streams/stream_core.h"

#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <exception>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/futures/kept_by_loop.h"
#include "loop/sockets/call_on_socket.h"
#include "selectors/errors.h"

namespace loop {

using selectors::RuntimeError;

namespace {

// Writes to a lost connection are reported once, when there are this many. Port
// of LOG_THRESHOLD_FOR_CONNLOST_WRITES (Lib/asyncio/constants.py).
constexpr unsigned char kReportedLostWrites = 5;

// Returns whether a call is to be repeated when the descriptor is ready.
bool is_temporary(int error) { return would_block(error) || error == EINTR; }

std::exception_ptr os_error(int error, const std::string& what) {
  return std::make_exception_ptr(selectors::make_os_error(error, what));
}

}  // namespace

void StreamCore::check_limit(std::size_t limit) {
  if (limit == 0) throw selectors::ValueError("Limit cannot be <= 0");
}

StreamCore::StreamCore(EventLoop& event_loop, Descriptor descriptor,
                       StreamKind kind, std::size_t limit)
    : kind_(kind),
      waits_first_(kind == StreamKind::kBlockingPipe),
      loop_(event_loop.reference()),
      descriptor_(std::move(descriptor)),
      limit_(limit) {
  event_loop.extension<KeptByLoop<StreamCore>>();
  if (kind != StreamKind::kSocket && limit == kOnlyWritten) sigpipe_.emplace();
}

// Not in the header: every function that drops a reference would contain it.
StreamCore::~StreamCore() = default;

// ---- Reading ----

void StreamCore::join_loop(EventLoop& event_loop, const Frame& frame) {
  if (loop_ != event_loop.reference()) {
    throw RuntimeError("the stream is bound to a different event loop");
  }
  read_side_.join_loop(event_loop, frame);
}

// No read of a file waits: kqueue does not report the end of one.
long StreamCore::receive_by_read(std::span<char> to) {
  const long count = kernel::read(descriptor_.fileno(), to.data(), to.size());
  waits_first_ =
      kind_ != StreamKind::kFile &&
      (kind_ == StreamKind::kBlockingPipe || has_to_wait(count, to.size()));
  return count;
}

void StreamCore::keep(std::string_view received) try {
  kept_.append(received);
} catch (...) {
  read_error_ = std::current_exception();
  waits_first_ = may_receive_ = false;
  throw;
}

bool StreamCore::note_no_bytes(long result) {
  const int error = errno;
  if (result < 0 && is_temporary(error)) {
    waits_first_ = true;
    return false;
  }
  waits_first_ = may_receive_ = false;
  if (result == 0 && !is_broken_) {
    is_at_end_ = true;
  } else if (result == 0) {
    read_error_ = write_error_;
  } else {
    read_error_ = os_error(error, "read from a stream");
    lose(read_error_);
  }
  return true;
}

// ---- Writing ----

void StreamCore::throw_eof_written() {
  throw RuntimeError("Cannot call write() after write_eof()");
}

void StreamCore::note_lost_write() {
  if (lost_writes_ == kReportedLostWrites) return;
  EventLoop* const event_loop = loop_.get();
  if (++lost_writes_ < kReportedLostWrites || event_loop == nullptr) return;
  event_loop->call_exception_handler(
      {.message = "data were written to a stream after its connection was lost",
       .exception = write_error_});
}

// Sends a part of `data`. Returns its size, or -1: see note_send_error().
long StreamCore::send(std::string_view data) {
  const int fd = descriptor_.fileno();
  return kind_ == StreamKind::kSocket
             ? kernel::send(fd, data.data(), data.size(), MSG_DONTWAIT)
             : kernel::write(fd, data.data(), data.size());
}

// Writes behind data that are unsent, or not to a socket.
void StreamCore::write_slowly(std::string_view data) {
  if (!unsent_.empty() || kind_ == StreamKind::kBlockingPipe) {
    return keep_unsent(data);
  }
  const long sent = send(data);
  if (sent != std::ssize(data)) keep_rest(data, sent);
}

// Called after send(), which did not take all of `data`. A rest that finds no
// memory ends the connection: no later data may follow the part that was sent.
void StreamCore::keep_rest(std::string_view data, long sent) {
  if (sent < 0) {
    note_send_error(errno);
    if (!is_lost()) keep_unsent(data);
    return;
  }
  try {
    keep_unsent(data.substr(static_cast<std::size_t>(sent)));
  } catch (...) {
    lose(std::current_exception());
    throw;
  }
}

// An error that is not temporary ends the connection.
void StreamCore::note_send_error(int error) {
  if (is_temporary(error)) return;
  // A peer that closes its side, and gets more data, sends RST after its own
  // data and FIN: then the kernel says EPIPE, and what it sent is complete.
  is_broken_ = error != EPIPE;
  lose(os_error(error, "write to a stream"));
}

void StreamCore::keep_unsent(std::string_view data) {
  unsent_.append(data);
  start_flushing();
  if (unsent_.size() > limits().high) is_paused_ = true;
}

void StreamCore::start_flushing() {
  if (is_linked()) return;
  try {
    EventLoop& event_loop = loop_.get_open();
    descriptor_.note_wait(loop_);
    event_loop.wait(descriptor_.fileno(), FdHandlers::kWriter, *this,
                    SourceLocation());
    event_loop.extension<KeptByLoop<StreamCore>>().keep(*this);
  } catch (...) {
    lose(std::current_exception());
  }
}

// If the wait has failed, failed() is about to be called.
void StreamCore::stop_flushing() {
  if (!is_waiting()) return;
  loop_.get()->end_wait(descriptor_.fileno(), FdHandlers::kWriter,
                        /*keep=*/false);
  KeptByLoop<StreamCore>::let_go(*this);
}

void StreamCore::ready() {
  const Reference<StreamCore> lives(this);
  std::string_view data = unsent_.view();
  // So much has room in a pipe that is writable, and does not block.
  if (kind_ == StreamKind::kBlockingPipe) data = data.substr(0, PIPE_BUF);
  const long sent = send(data);
  if (sent < 0) return note_send_error(errno);
  unsent_.consume(static_cast<std::size_t>(sent));
  if (unsent_.size() <= limits().low) resume_drainers();
  if (unsent_.empty()) sent_all();
}

void StreamCore::failed() {
  const Reference<StreamCore> lives(this);
  KeptByLoop<StreamCore>::let_go(*this);
  if (!is_lost()) lose(error_);
}

void StreamCore::sent_all() {
  stop_flushing();
  if (closing_) {
    close_descriptor();
  } else if (eof_written_) {
    kernel::shutdown(descriptor_.fileno(), SHUT_WR);
  }
}

void StreamCore::resume_drainers() {
  if (!is_paused_) return;
  if (writing_) writing_->drainers.wake_all();
  is_paused_ = false;  // Last: without memory, the next iteration goes on.
}

// Resumes the tasks in drain() and wait_closed(), in asyncio's order: the
// connection has ended.
void StreamCore::resume_all() {
  is_paused_ = false;
  if (writing_ == nullptr) return;
  writing_->closers.wake_all();
  writing_->drainers.wake_all();
}

void StreamCore::set_limits(const WaterMarks& limits) {
  writing().limits = limits;
  if (unsent_.size() > limits.high) is_paused_ = true;
}

// A pipe has no half-close: its reader finds the end when it is closed.
void StreamCore::write_eof() {
  if (is_closing() || eof_written_) return;
  if (kind_ != StreamKind::kSocket) return close();
  eof_written_ = true;
  if (unsent_.empty()) kernel::shutdown(descriptor_.fileno(), SHUT_WR);
}

// ---- The end ----

void StreamCore::lose(std::exception_ptr error) {
  if (write_error_) return;
  write_error_ = std::move(error);
  is_lost_ = true;
  waits_first_ = false;
  unsent_.clear();
  stop_flushing();
  if (closing_) {
    close_descriptor();
  } else {
    resume_all();
  }
}

void StreamCore::begin_closing() {
  closing_ = true;
  waits_first_ = may_receive_ = false;
}

// May be repeated after it ran out of memory.
void StreamCore::close() {
  begin_closing();
  if (unsent_.empty()) close_descriptor();
}

void StreamCore::abort() {
  const Reference<StreamCore> lives(this);
  begin_closing();
  unsent_.clear();
  stop_flushing();
  close_descriptor();
}

void StreamCore::close_descriptor() {
  read_side_.close();
  descriptor_.close();
  is_lost_ = true;
  resume_all();
}

void StreamCore::abandon() {
  const Reference<StreamCore> lives(this);
  lose(std::make_exception_ptr(RuntimeError("Event loop is closed")));
  if (!is_linked()) return;  // Else the wait has failed.
  KeptByLoop<StreamCore>::let_go(*this);
}

}  // namespace loop

// `StreamCore`: the state of a connection or pipe, which its StreamReader and
// StreamWriter share.
//
// Reading. A task that reads makes the system call itself. The bytes go into a
// buffer of the thread, and from there to the reader; only the rest is kept
// with the connection. So a connection that is idle holds no buffer.
//
// Writing. write() sends at once. Only if the kernel takes less, because the
// peer is slow, the rest is kept, and the loop sends it when there is room.

#ifndef LOOP_STREAMS_STREAM_CORE_H_
#define LOOP_STREAMS_STREAM_CORE_H_

#include <sys/socket.h>

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/dispositions.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/kernel.h"
#include "loop/futures/intrusive_list.h"
#include "loop/futures/recycled_memory.h"
#include "loop/futures/reference.h"
#include "loop/locks/wait_queue.h"
#include "loop/sockets/descriptor.h"
#include "loop/sockets/kernel.h"
#include "loop/sockets/scratch.h"
#include "loop/streams/byte_buffer.h"
#include "loop/streams/read_side.h"
#include "loop/streams/water_marks.h"

namespace loop {

// The kinds of descriptors, which differ in their system calls: recv(2) and
// send(2), or read(2) and write(2).
enum class StreamKind : unsigned char {
  kSocket,
  kFile,          // A regular file, for which no read waits.
  kPipe,          // Also a terminal.
  kBlockingPipe,  // As a pipe, but each read or write waits first.
};

// Counted by its handles; the last one closes the descriptor, once the unsent
// data are sent. For the thread of one loop.
class StreamCore final : public Recycled,
                         public ListLink,
                         private DescriptorWaiter,
                         public ReferenceCounted<StreamCore> {
 public:
  // Throws ValueError if a line may have no byte.
  static void check_limit(std::size_t limit);

  // The limit of a stream that is only written to.
  static constexpr std::size_t kOnlyWritten = 0;

  // Throws RuntimeError if the loop is closed.
  StreamCore(EventLoop& event_loop, Descriptor descriptor, StreamKind kind,
             std::size_t limit);
  ~StreamCore() override;

  // ---- For both sides ----

  Descriptor& descriptor() { return descriptor_; }
  std::size_t limit() const { return limit_; }

  // ---- Reading ----

  ReadSide& read_side() { return read_side_; }
  // Called before a task waits in `frame`, unless read_side().has_joined().
  // Throws RuntimeError if the stream belongs to another loop, and the errors
  // of ReadSide::join_loop().
  void join_loop(EventLoop& event_loop, const Frame& frame);

  // Returns whether a read must wait before take(): the call would block, or
  // other tasks have to run.
  bool waits_first() const { return waits_first_; }
  // Notes that a task has waited: the descriptor is ready.
  void note_ready() { full_receives_ = 0; }

  // Offers the kept bytes to `read`, whose offer(bytes, is_at_end) returns the
  // number of bytes that it takes, or nullopt if it needs more. Returns whether
  // it is done, and notes that with set_done().
  template <class Read>
  bool take_kept(Read& read, bool is_at_end = false) {
    const auto taken = read.offer(kept_.view(), is_at_end);
    if (!taken) return false;
    kept_.consume(*taken);
    read.set_done();
    return true;
  }

  // Receives bytes for `read` until it is done, the stream ends, or the task
  // has to wait; returns false in the last case. If the stream ends, `read` is
  // not done: see take_at_end().
  template <class Read>
  bool take(Read& read);

  // Ends a `read` that gets no more bytes. Throws the exception of the
  // connection if it is broken.
  template <class Read>
  void take_at_end(Read& read) {
    if (read_error_) std::rethrow_exception(read_error_);
    take_kept(read, /*is_at_end=*/true);
  }

  // Returns whether the last read has found the end, and no bytes are kept.
  bool at_eof() const { return (is_at_end_ || closing_) && kept_.empty(); }

  // ---- Writing: see StreamWriter ----

  void write(std::string_view data);
  template <class Pieces>
  void writelines(const Pieces& pieces);
  void write_eof();
  bool is_paused() const { return is_paused_; }
  std::size_t unsent() const { return unsent_.size(); }
  void set_limits(const WaterMarks& limits);
  WaterMarks limits() const {
    return writing_ == nullptr ? WaterMarks() : writing_->limits;
  }

  // ---- The end ----

  void close();
  void abort();
  bool is_closing() const { return closing_ || write_error_; }
  // Returns whether connection_lost() of asyncio would have been called.
  bool is_lost() const { return is_lost_; }
  // Throws the error that has ended the connection, if there is one.
  void check_error() const {
    if (write_error_) std::rethrow_exception(write_error_);
  }

  // For KeptByLoop, which keeps streams with unsent data: drops them.
  void abandon();

  // The tasks in drain() and in wait_closed().
  WaitQueue& drainers() { return writing().drainers; }
  WaitQueue& closers() { return writing().closers; }
  BoundLoop& bound_loop() { return writing().loop; }

 private:
  // The parts of the writing side that most streams do not need.
  struct Writing {
    WaterMarks limits;
    WaitQueue drainers;
    WaitQueue closers;
    BoundLoop loop;
  };
  Writing& writing() {
    if (writing_ == nullptr) writing_ = std::make_unique<Writing>();
    return *writing_;
  }

  // A task that always finds data waits after this many full buffers (1 MiB),
  // so that the others run.
  static constexpr unsigned char kMostFullReceives = 16;

  // Offers received bytes to `read`, and keeps the rest. Returns whether it is
  // done.
  template <class Read>
  bool take_received(Read& read, std::string_view received);
  // Keeps received bytes. If that fails, the bytes are lost: no later read may
  // continue behind them.
  void keep(std::string_view received);
  // Makes the system call and returns its result. Also decides waits_first().
  long receive(std::span<char> to);
  long receive_by_read(std::span<char> to);
  bool has_to_wait(long count, std::size_t room);
  // Called for a result without bytes. Returns false if there may be some
  // later.
  bool note_no_bytes(long result);

  // DescriptorWaiter, of the writing side.
  void ready() override;
  void failed() override;

  [[noreturn]] static void throw_eof_written();
  void note_lost_write();
  void write_slowly(std::string_view data);
  long send(std::string_view data);
  void note_send_error(int error);
  void keep_unsent(std::string_view data);
  void keep_rest(std::string_view data, long sent);
  void start_flushing();
  void stop_flushing();
  void sent_all();
  void resume_drainers();
  void resume_all();
  void lose(std::exception_ptr error);
  void begin_closing();
  void close_descriptor();

  const StreamKind kind_;
  bool waits_first_;
  unsigned char full_receives_ = 0;  // Since the last wait.
  // !(is_at_end_ || read_error_ || closing_), in one test for each read.
  bool may_receive_ = true;
  bool is_at_end_ = false;
  bool is_paused_ = false;
  bool eof_written_ = false;
  bool closing_ = false;
  // write_error_ or a closed descriptor, in one test for each write.
  bool is_lost_ = false;
  bool is_broken_ = false;  // The end of the stream is an error.
  unsigned char lost_writes_ = 0;
  LoopReference loop_;
  Descriptor descriptor_;
  const std::size_t limit_;
  ReadSide read_side_{descriptor_};
  ByteBuffer kept_;    // Received, and not read yet.
  ByteBuffer unsent_;  // Written, and not sent yet.
  std::exception_ptr read_error_;
  std::exception_ptr write_error_;    // The connection is lost.
  std::unique_ptr<Writing> writing_;  // nullptr: not needed yet.
  std::optional<SigpipeGuard> sigpipe_;
};

inline long StreamCore::receive(std::span<char> to) {
  if (kind_ != StreamKind::kSocket) [[unlikely]]
    return receive_by_read(to);
  const long count =
      kernel::recv(descriptor_.fileno(), to.data(), to.size(), MSG_DONTWAIT);
  waits_first_ = has_to_wait(count, to.size());
  return count;
}

// The descriptor is empty now, or other tasks have to run.
inline bool StreamCore::has_to_wait(long count, std::size_t room) {
  return !std::cmp_equal(count, room) || ++full_receives_ == kMostFullReceives;
}

template <class Read>
bool StreamCore::take(Read& read) {
  const std::span<char> buffer = loop::scratch();
  do {
    if (!may_receive_) [[unlikely]]
      return true;
    const long count = receive(buffer);
    if (count <= 0) [[unlikely]]
      return note_no_bytes(count);
    if (take_received(read, {buffer.data(), static_cast<std::size_t>(count)}))
      return true;
  } while (!waits_first_);
  return false;
}

template <class Read>
inline bool StreamCore::take_received(Read& read, std::string_view received) {
  if (!kept_.empty()) [[unlikely]] {
    keep(received);
    return take_kept(read);
  }
  std::optional<std::size_t> taken;
  try {
    taken = read.offer(received, /*is_at_end=*/false);
  } catch (...) {
    keep(received);  // Nothing is lost when the result finds no memory.
    throw;
  }
  if (taken.value_or(0) < received.size()) [[unlikely]]
    keep(received.substr(taken.value_or(0)));
  if (taken) read.set_done();
  return taken.has_value();
}

inline void StreamCore::write(std::string_view data) {
  if (eof_written_) [[unlikely]]
    throw_eof_written();
  if (data.empty()) return;
  if (is_lost_) [[unlikely]]
    return note_lost_write();
  if (!unsent_.empty() || kind_ != StreamKind::kSocket) [[unlikely]]
    return write_slowly(data);
  const long sent = kernel::send(descriptor_.fileno(), data.data(), data.size(),
                                 MSG_DONTWAIT);
  if (sent != std::ssize(data)) [[unlikely]]
    keep_rest(data, sent);
}

// The pieces are sent together.
template <class Pieces>
void StreamCore::writelines(const Pieces& pieces) {
  std::string all;
  // A piece may be a temporary string, which a string_view would outlive.
  for (auto&& piece : pieces) all.append(std::string_view(piece));
  write(all);
}

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_CORE_H_

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
#include "loop/streams/water_marks.h"

namespace loop {

class DescriptorWait;

// The kinds of descriptors, which differ in their system calls: recv(2) and
// send(2), or read(2) and write(2).
enum class StreamKind : unsigned char {
  kSocket,
  kFile,          // A regular file, for which no read waits: see receive().
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

  // A limit of 0 is for a stream that is only written to. Throws RuntimeError
  // if the loop is closed.
  StreamCore(EventLoop& event_loop, Descriptor descriptor, StreamKind kind,
             std::size_t limit);
  ~StreamCore() override = default;

  // ---- For both sides ----

  Descriptor& descriptor() { return descriptor_; }
  // Throws RuntimeError if the stream belongs to another loop.
  void check_loop(const EventLoop& event_loop) const {
    if (loop_ != event_loop.reference()) [[unlikely]]
      throw_other_loop();
  }
  std::size_t limit() const { return limit_; }

  // ---- Reading ----

  // Begins a read operation. Throws RuntimeError, with the name of the
  // function, while a task waits for data.
  void begin_read(const char* function) const {
    if (reader_ != nullptr) [[unlikely]]
      throw_has_reader(function);
  }
  // The task that waits for data, or nullptr.
  const DescriptorWait* reader() const { return reader_; }
  void set_reader(DescriptorWait* reader) { reader_ = reader; }

  // Returns whether more() would certainly block.
  bool waits_first() const { return waits_first_; }
  // Notes that a task has waited: the descriptor is ready.
  void note_ready() { full_receives_ = 0; }

  // Offers the kept bytes to `operation`, whose take(bytes, is_at_end) returns
  // the number of bytes that it takes, or nullopt if it needs more. Returns
  // whether it is done.
  template <class Operation>
  bool take_kept(Operation& operation, bool is_at_end = false) {
    const auto taken = operation.take(kept_.view(), is_at_end);
    if (taken) kept_.consume(*taken);
    return taken.has_value();
  }

  // Receives more bytes for `operation`, once. Returns whether the wait is
  // over; if done is not set, there are no more bytes: see take_at_end().
  template <class Operation>
  bool take_more(Operation& operation, bool& done);

  // Ends an operation that gets no more bytes. Throws the exception of the
  // connection if it is broken.
  template <class Operation>
  void take_at_end(Operation& operation) {
    if (read_error_) std::rethrow_exception(read_error_);
    take_kept(operation, /*is_at_end=*/true);
  }

  // Receives up to `to.size()` bytes, and returns their number: 0 at the end,
  // nullopt if there are none yet.
  std::optional<std::size_t> receive(std::span<char> to);

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
  const WaterMarks& limits() const { return limits_; }

  // ---- The end ----

  void close();
  void abort();
  bool is_closing() const { return closing_ || write_error_; }
  // Returns whether connection_lost() of asyncio would have been called.
  bool is_lost() const { return write_error_ || descriptor_.fileno() < 0; }
  // Throws the error that has ended the connection, if there is one.
  void check_error() const {
    if (write_error_) std::rethrow_exception(write_error_);
  }

  // For KeptByLoop, which keeps streams with unsent data: drops them.
  void abandon();

  // The tasks in drain() and in wait_closed().
  WaitQueue& drainers() { return waiters().drainers; }
  WaitQueue& closers() { return waiters().closers; }
  BoundLoop& bound_loop() { return waiters().loop; }

 private:
  struct Waiters {
    WaitQueue drainers;
    WaitQueue closers;
    BoundLoop loop;
  };
  Waiters& waiters() {
    if (waiters_ == nullptr) waiters_ = std::make_unique<Waiters>();
    return *waiters_;
  }

  [[noreturn]] static void throw_has_reader(const char* function);
  [[noreturn]] static void throw_other_loop();
  // A task that always finds data waits after this many full buffers (1 MiB),
  // so that the others run.
  static constexpr unsigned char kMostFullReceives = 16;

  std::optional<std::size_t> receive_none(long result);

  // DescriptorWaiter, of the writing side.
  void ready() override;
  void failed() override;

  // Returns whether data can be sent now or later.
  bool may_write() { return (!eof_written_ && !is_lost()) || refuse_write(); }
  bool refuse_write();
  void report_lost_writes() const;
  inline std::size_t send(std::string_view data);
  void note_send_error(int error);
  void keep_unsent(std::string_view data);
  void start_flushing();
  void stop_flushing();
  void sent_all();
  void resume_drainers();
  void resume_all();
  void lose(std::exception_ptr error);
  void close_descriptor();

  const StreamKind kind_;
  bool waits_first_;
  unsigned char full_receives_ = 0;  // Since the last wait.
  bool is_at_end_ = false;
  bool is_paused_ = false;
  bool eof_written_ = false;
  bool closing_ = false;
  bool is_broken_ = false;  // The end of the stream is an error.
  unsigned char lost_writes_ = 0;
  LoopReference loop_;
  Descriptor descriptor_;
  const std::size_t limit_;
  WaterMarks limits_;
  DescriptorWait* reader_ = nullptr;
  ByteBuffer kept_;    // Received, and not read yet.
  ByteBuffer unsent_;  // Written, and not sent yet.
  std::exception_ptr read_error_;
  std::exception_ptr write_error_;    // The connection is lost.
  std::unique_ptr<Waiters> waiters_;  // nullptr: nobody has waited yet.
  std::optional<SigpipeGuard> sigpipe_;
};

// A base class of awaiters, the first one, so that the stream outlives the
// other parts of the awaiter.
class StreamHolder {
 protected:
  explicit StreamHolder(Reference<StreamCore> core) : core_(std::move(core)) {}
  StreamCore& core() const { return *core_; }

 private:
  Reference<StreamCore> core_;
};

inline std::optional<std::size_t> StreamCore::receive(std::span<char> to) {
  if (closing_ || is_at_end_ || read_error_) [[unlikely]]
    return 0;
  const int fd = descriptor_.fileno();
  const auto count = kind_ == StreamKind::kSocket
                         ? kernel::recv(fd, to.data(), to.size(), MSG_DONTWAIT)
                         : kernel::read(fd, to.data(), to.size());
  if (count <= 0) [[unlikely]]
    return receive_none(count);
  // Only sockets and pipes can be waited for: kqueue does not report the end of
  // a file. The socket is empty now, or other tasks have to run.
  const bool is_full = static_cast<std::size_t>(count) == to.size();
  waits_first_ = kind_ != StreamKind::kFile &&
                 (!is_full || ++full_receives_ == kMostFullReceives ||
                  kind_ == StreamKind::kBlockingPipe);
  return static_cast<std::size_t>(count);
}

template <class Operation>
bool StreamCore::take_more(Operation& operation, bool& done) {
  const std::span<char> buffer = loop::scratch();
  const auto count = receive(buffer);
  if (!count) return false;
  if (*count == 0) return true;
  const std::string_view received(buffer.data(), *count);
  if (!kept_.empty()) {
    kept_.append(received);
    return done = take_kept(operation);
  }
  const auto taken = operation.take(received, /*is_at_end=*/false);
  if (taken.value_or(0) < received.size()) {
    kept_.append(received.substr(taken.value_or(0)));
  }
  return done = taken.has_value();
}

// The pieces are sent together.
template <class Pieces>
void StreamCore::writelines(const Pieces& pieces) {
  if (!may_write()) return;
  std::string all;
  // A piece may be a temporary string, which a string_view would outlive.
  for (auto&& piece : pieces) all.append(std::string_view(piece));
  write(all);
}

}  // namespace loop

#endif  // LOOP_STREAMS_STREAM_CORE_H_

#include "loop/sockets/sock_sendfile.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/fd_handlers.h"
#include "loop/futures/to_thread.h"
#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/descriptor.h"
#include "loop/sockets/io_awaiter.h"
#include "loop/sockets/kernel.h"
#include "selectors/errors.h"

namespace loop {
namespace {

constexpr std::size_t kFallbackBlock = std::size_t{256} * 1024;
constexpr std::size_t kToTheEnd = std::numeric_limits<std::size_t>::max();

// The present state of a transfer. The destructor sets the file's position.
class Transfer {
 public:
  Transfer(int file, std::int64_t offset, std::size_t count)
      : file_(file), start_(offset), count_(count) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() { kernel::lseek(file_, offset(), SEEK_SET); }

  int file() const { return file_; }
  off_t offset() const { return start_ + static_cast<off_t>(sent_); }
  std::size_t sent() const { return sent_; }
  bool is_complete() const { return sent_ == count_; }
  // Returns the size of the next part, at most `most`.
  std::size_t next(std::size_t most) const {
    return std::min(most, count_ - sent_);
  }
  void add(std::size_t sent) { sent_ += sent; }

 private:
  const int file_;
  const off_t start_;
  const std::size_t count_;
  std::size_t sent_ = 0;
};

// The parts that the two operations share. See Io. The second part waits until
// there is room, which the first has used up.
class SendOperation {
 public:
  Descriptor& descriptor() const { return descriptor_; }
  FdHandlers::Side side() const { return FdHandlers::kWriter; }
  bool waits_first() const { return waits_first_; }

 protected:
  SendOperation(Socket& socket, bool waits_first)
      : descriptor_(socket.descriptor()), waits_first_(waits_first) {}
  int fd() const { return descriptor_.fileno(); }

 private:
  Descriptor& descriptor_;
  bool waits_first_;
};

// Sends a part of a file with sendfile(2). The result is the number of bytes, 0
// at the end of the file, or nullopt if the kernel cannot send it.
class SendfilePart : public SendOperation {
 public:
  SendfilePart(Socket& socket, const Transfer& transfer, bool waits_first)
      : SendOperation(socket, waits_first), transfer_(transfer) {}

  bool attempt() {
    constexpr std::size_t kMost = 1 << 30;  // More fails on some systems.
    const auto sendfile = [this]() -> ssize_t {
      off_t offset = transfer_.offset();
      const ssize_t count = kernel::sendfile(fd(), transfer_.file(), &offset,
                                             transfer_.next(kMost));
      is_refused_ = count == -1 && transfer_.sent() == 0 && is_refusal(errno);
      return is_refused_ ? 0 : count;
    };
    count_ = call_on_socket("sendfile", fd(), sendfile);
    return count_.has_value();
  }
  std::optional<std::size_t> result() const {
    return is_refused_ ? std::nullopt : count_;
  }

 private:
  static bool is_refusal(int error) {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
           error == ESPIPE || error == EPERM;
  }

  const Transfer& transfer_;
  bool is_refused_ = false;
  std::optional<std::size_t> count_;
};

// Sends a part of `data`. The result is the number of bytes.
class SendPart : public SendOperation {
 public:
  SendPart(Socket& socket, std::string_view data, bool waits_first)
      : SendOperation(socket, waits_first), data_(data) {}

  bool attempt() {
    const auto send = [this] {
      return kernel::send(fd(), data_.data(), data_.size());
    };
    count_ = call_on_socket("send", fd(), send);
    return count_.has_value();
  }
  std::size_t result() const { return *count_; }

 private:
  std::string_view data_;
  std::optional<std::size_t> count_;
};

void check(Socket& socket, std::int64_t offset,
           const std::optional<std::size_t>& count) {
  if (offset < 0) throw selectors::ValueError("sock_sendfile: offset < 0");
  if (count == 0) throw selectors::ValueError("sock_sendfile: count is 0");
  if (socket.type() == SOCK_STREAM) return;
  throw selectors::ValueError("sock_sendfile: the socket is no SOCK_STREAM");
}

// Returns whether the size of the file is greater than the offset. Files in
// /proc have a size of 0.
bool has_more(const Transfer& transfer) {
  return transfer.offset() < kernel::size_of(transfer.file());
}

// Returns whether all was sent: false if sendfile(2) is not available.
Coroutine<bool> send_in_kernel(Socket& socket, Transfer& transfer) {
  bool waits_first = false;
  while (!transfer.is_complete()) {
    const auto count = co_await Io(SendfilePart(socket, transfer, waits_first));
    if (!count) co_return false;
    if (*count == 0) break;
    transfer.add(*count);
    waits_first = has_more(transfer);
  }
  co_return true;
}

std::string read_block(int file, off_t offset, std::size_t size) {
  std::string block(size, '\0');
  const auto read = [&] {
    return kernel::pread(file, block.data(), size, offset);
  };
  block.resize(call_on_socket("pread", file, read).value_or(0));
  return block;
}

Coroutine<> send_block(Socket& socket, std::string block, Transfer& transfer) {
  std::string_view rest = block;
  bool waits_first = false;
  while (!rest.empty()) {
    const std::size_t count = co_await Io(SendPart(socket, rest, waits_first));
    rest.remove_prefix(count);
    transfer.add(count);
    waits_first = true;
  }
}

Coroutine<> send_by_reading(Socket& socket, Transfer& transfer) {
  while (!transfer.is_complete()) {
    const auto read = [file = transfer.file(), offset = transfer.offset(),
                       size = transfer.next(kFallbackBlock)] {
      return read_block(file, offset, size);
    };
    std::string block = co_await to_thread(read);
    if (block.empty()) break;
    co_await send_block(socket, std::move(block), transfer);
  }
}

}  // namespace

Coroutine<std::size_t> sock_sendfile(Socket& socket, int file,
                                     std::int64_t offset,
                                     std::optional<std::size_t> count,
                                     bool fallback) {
  check(socket, offset, count);
  Transfer transfer(file, offset, count.value_or(kToTheEnd));
  if (!co_await send_in_kernel(socket, transfer)) {
    if (!fallback) {
      throw SendfileNotAvailableError("sendfile(2) cannot send fd " +
                                      std::to_string(file));
    }
    co_await send_by_reading(socket, transfer);
  }
  co_return transfer.sent();
}

}  // namespace loop

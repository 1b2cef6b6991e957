#include "loop/sockets/socket_io.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "loop/sockets/address_buffer.h"
#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/kernel.h"
#include "loop/sockets/scratch.h"
#include "selectors/errors.h"

namespace loop::socket_io_internal {
namespace {

// Calls receive(buffer, most), which returns the number of bytes or nullopt,
// and copies the bytes to `data`. Returns false for nullopt.
template <class Receive>
bool receive_string(std::string& data, std::size_t most, Receive receive) {
  if (most <= kScratchSize) {
    char* const buffer = scratch().data();
    const std::optional<std::size_t> count = receive(buffer, most);
    if (count) data.assign(buffer, *count);
    return count.has_value();
  }
  std::string buffer(most, '\0');
  const std::optional<std::size_t> count = receive(buffer.data(), most);
  if (!count) return false;
  buffer.resize(*count);
  buffer.shrink_to_fit();
  data = std::move(buffer);
  return true;
}

std::optional<std::size_t> recv_some(int fd, void* buffer, std::size_t most) {
  return call_on_socket("recv", fd,
                        [=] { return kernel::recv(fd, buffer, most); });
}

std::optional<std::size_t> recvfrom_some(int fd, void* buffer, std::size_t most,
                                         Address& sender) {
  AddressBuffer from;
  const auto count = call_on_socket("recvfrom", fd, [&] {
    return kernel::recvfrom(fd, buffer, most, 0, from.data(), from.size());
  });
  if (count) sender = from.address();
  return count;
}

}  // namespace

bool Accept::attempt() {
  client_ = socket().try_accept();
  return client_.has_value();
}

bool Connect::attempt() {
  if (!has_begun_) return begin();
  end();
  return true;
}

// Returns whether the socket is connected already. A connect() that a signal
// interrupts goes on, like one that says EINPROGRESS.
bool Connect::begin() {
  const int result = kernel::connect(fd(), address_.data(),
                                     static_cast<socklen_t>(address_.size()));
  if (result == 0) return true;
  if (errno != EINPROGRESS && errno != EINTR) {
    throw selectors::make_os_error(errno, "connect to " + address_.repr());
  }
  has_begun_ = true;
  return false;
}

void Connect::end() const {
  const int error = socket().getsockopt(SOL_SOCKET, SO_ERROR);
  if (error == 0) return;
  throw selectors::make_os_error(error, "connect to " + address_.repr());
}

// The kernel would wait until there is a byte.
bool Recv::attempt() {
  if (most_ == 0) return true;
  return receive_string(data_, most_, [&](void* buffer, std::size_t most) {
    return recv_some(fd(), buffer, most);
  });
}

bool RecvInto::attempt() {
  if (buffer_.empty()) return true;
  const auto count = recv_some(fd(), buffer_.data(), buffer_.size());
  count_ = count.value_or(0);
  return count.has_value();
}

bool Recvfrom::attempt() {
  return receive_string(data_, most_, [&](void* buffer, std::size_t most) {
    return recvfrom_some(fd(), buffer, most, sender_);
  });
}

bool RecvfromInto::attempt() {
  const auto count =
      recvfrom_some(fd(), buffer_.data(), buffer_.size(), sender_);
  count_ = count.value_or(0);
  return count.has_value();
}

// After a part there is no room for the rest, so the next call is made when
// there is.
bool Sendall::attempt() {
  const auto count = call_on_socket("send", fd(), [&] {
    return kernel::send(fd(), rest_.data(), rest_.size());
  });
  if (count) rest_.remove_prefix(*count);
  return count && rest_.empty();
}

bool Sendto::attempt() {
  const auto count = call_on_socket("sendto", fd(), [&] {
    return kernel::sendto(fd(), data_.data(), data_.size(), 0, address_.data(),
                          static_cast<socklen_t>(address_.size()));
  });
  count_ = count.value_or(0);
  return count.has_value();
}

}  // namespace loop::socket_io_internal

#include "loop/streams/datagram_core.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

#include "loop/callbacks/source_location.h"
#include "loop/futures/kept_by_loop.h"
#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/kernel.h"
#include "selectors/errors.h"

namespace loop {

using selectors::OSError;
using selectors::RuntimeError;
using selectors::ValueError;

namespace {

constexpr std::chrono::nanoseconds kFirstRetry = std::chrono::milliseconds(1);
constexpr std::chrono::nanoseconds kLastRetry = std::chrono::milliseconds(64);

// The address of the only peer; nullopt if the socket is not connected.
std::optional<Address> peer_of(const Socket& socket) {
  try {
    return socket.getpeername();
  } catch (const OSError& error) {
    if (error.code().value() != ENOTCONN) throw;
    return std::nullopt;
  }
}

}  // namespace

DatagramCore::DatagramCore(EventLoop& event_loop, Socket socket,
                           std::optional<Address> remote)
    : loop_(event_loop.reference()),
      socket_(std::move(socket)),
      remote_(peer_of(socket_)) {
  is_connected_ = remote_.has_value();
  if (!is_connected_) remote_ = remote;
  event_loop.extension<KeptByLoop<DatagramCore>>();
}

void DatagramCore::throw_closed() {
  throw selectors::make_os_error(EBADF, "drain of a closed endpoint");
}

void DatagramCore::sendto(std::string_view data,
                          const std::optional<Address>& address) {
  if (!socket_) throw RuntimeError("the datagram endpoint is closed");
  check_address(address);
  check_error();
  if (queue_.empty() && try_send(data, address)) return;
  start_flushing();
  queue_.push_back({std::string(data), address});
  size_ += queue_.back().size();
  if (size_ > limits_.high) is_paused_ = true;
}

void DatagramCore::check_address(const std::optional<Address>& address) const {
  if (!address && !remote_) {
    throw ValueError("sendto() needs an address, as there is no remote_addr");
  }
  if (address && remote_ && *address != *remote_) {
    throw ValueError("Invalid address: must be nullopt or " + remote_->repr());
  }
}

// Returns false if the kernel has no room.
bool DatagramCore::try_send(std::string_view data,
                            const std::optional<Address>& address) {
  const int fd = socket_.fileno();
  const auto send = [&] {
    if (is_connected_) return kernel::send(fd, data.data(), data.size());
    const Address& receiver = address ? *address : *remote_;
    return kernel::sendto(fd, data.data(), data.size(), 0, receiver.data(),
                          static_cast<socklen_t>(receiver.size()));
  };
  return call_on_socket("sendto", fd, send).has_value();
}

void DatagramCore::start_flushing() {
  EventLoop& event_loop = loop_.get_open();
  // Flushing, or backing off. A datagram that found no memory may have left the
  // queue empty, and failed() may be about to be called.
  if (is_linked() || !queue_.empty()) return;
  retry_delay_ = kFirstRetry;
  socket_.descriptor().note_wait(loop_);
  event_loop.wait(socket_.fileno(), FdHandlers::kWriter, *this,
                  SourceLocation());
  event_loop.extension<KeptByLoop<DatagramCore>>().keep(*this);
}

void DatagramCore::stop_flushing() {
  retry_.cancel();
  if (is_waiting()) stop_waiting();
}

// If the wait has failed, failed() is about to be called.
void DatagramCore::stop_waiting() {
  if (is_waiting()) {
    loop_.get()->end_wait(socket_.fileno(), FdHandlers::kWriter,
                          /*keep=*/false);
  }
  KeptByLoop<DatagramCore>::let_go(*this);
}

// Called by the loop, and by the timer of back_off().
void DatagramCore::ready() {
  const std::size_t before = queue_.size();
  send_queue();
  if (size_ <= limits_.low) resume_drainers();
  if (queue_.empty()) return stop_flushing();
  if (queue_.size() < before) retry_delay_ = kFirstRetry;
  if (queue_.size() == before || !is_waiting()) back_off();
}

void DatagramCore::send_queue() {
  while (!queue_.empty()) {
    try {
      if (!try_send(queue_.front().data, queue_.front().address)) return;
    } catch (const OSError&) {
      if (!send_error_) send_error_ = std::current_exception();
    }
    size_ -= queue_.front().size();
    queue_.pop_front();
  }
}

// A Unix socket without a peer is always writable, since the kernel does not
// know whose queue is meant: waiting for it would poll without a pause while
// the queue of the receiver is full.
void DatagramCore::back_off() {
  const TimerHandle retry =
      loop_.get()->call_later(retry_delay_, [this] { ready(); });
  stop_flushing();
  retry_ = retry;
  retry_delay_ = std::min(2 * retry_delay_, kLastRetry);
}

// The socket cannot be watched: the queue can never be sent.
void DatagramCore::failed() {
  const Reference<DatagramCore> lives(this);
  send_error_ = error_;
  stop_waiting();  // First: the rest may find no memory.
  clear();
}

void DatagramCore::clear() {
  queue_.clear();
  size_ = 0;
  resume_drainers();
}

void DatagramCore::resume_drainers() {
  drainers_.wake_all();
  is_paused_ = false;  // Last: without memory, the next call goes on.
}

void DatagramCore::set_limits(const WaterMarks& limits) {
  limits_ = limits;
  if (size_ > limits_.high) is_paused_ = true;
}

void DatagramCore::close() {
  if (!socket_) return;
  stop_flushing();
  clear();
  socket_.close();
}

}  // namespace loop

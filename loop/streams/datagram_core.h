// `DatagramCore`: the socket and the queue of a DatagramEndpoint.

#ifndef LOOP_STREAMS_DATAGRAM_CORE_H_
#define LOOP_STREAMS_DATAGRAM_CORE_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/loop_extension.h"
#include "loop/futures/intrusive_list.h"
#include "loop/locks/wait_queue.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/water_marks.h"

namespace loop {

// Sends at once. A datagram for which the kernel has no room is queued, and
// sent when the socket is writable, or is tried again after a delay if the
// socket is always writable. Counted by its endpoint and, while it waits for
// the socket, by the loop, which may be about to call failed().
class DatagramCore final : public ListLink, private DescriptorWaiter {
 public:
  DatagramCore(EventLoop& event_loop, Socket socket);
  DatagramCore(const DatagramCore&) = delete;
  DatagramCore& operator=(const DatagramCore&) = delete;
  ~DatagramCore() override = default;

  Socket& socket() { return socket_; }

  // The functions of DatagramEndpoint.
  void sendto(std::string_view data, const std::optional<Address>& address);
  std::size_t size() const { return size_; }
  void set_limits(std::size_t high, std::size_t low);
  void close();

  bool is_paused() const { return is_paused_; }
  // Throws OSError (EBADF) if the socket is closed.
  void check_open() const {
    if (!socket_) [[unlikely]]
      throw_closed();
  }
  // Throws the error of a queued datagram, once.
  void check_error() {
    if (send_error_) [[unlikely]]
      std::rethrow_exception(std::exchange(send_error_, nullptr));
  }
  WaitQueue& drainers() { return drainers_; }
  BoundLoop& bound_loop() { return bound_loop_; }

  // Ends the wait for the socket. Also called when the loop closes.
  void stop_waiting();

  // For Reference.
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 private:
  struct Datagram {
    std::string data;
    std::optional<Address> address;

    // Port of the header size of gh-135444.
    std::size_t size() const { return data.size() + 8; }
  };

  // DescriptorWaiter, of the writing side.
  void ready() override;
  void failed() override;

  [[noreturn]] static void throw_closed();
  void check_address(const std::optional<Address>& address) const;
  bool try_send(std::string_view data, const std::optional<Address>& address);
  void start_flushing();
  void stop_flushing();
  void send_queue();
  void back_off();
  void clear();
  void resume_drainers();

  LoopReference loop_;
  Socket socket_;
  std::optional<Address> remote_;
  std::deque<Datagram> queue_;
  std::size_t size_ = 0;
  std::size_t high_ = kHighWater;
  std::size_t low_ = kLowWater;
  int references_ = 0;
  bool is_paused_ = false;
  // While the kernel reports the socket as writable and refuses to send.
  TimerHandle retry_;
  std::chrono::nanoseconds retry_delay_{};
  std::exception_ptr send_error_;
  BoundLoop bound_loop_;
  WaitQueue drainers_;
};

// The endpoints of a loop that wait for their sockets.
class DatagramService final : public LoopExtension {
 public:
  explicit DatagramService(EventLoop&) {}
  ~DatagramService() override;

  // A link holds a reference.
  IntrusiveList<DatagramCore>& waiting() { return waiting_; }

 private:
  IntrusiveList<DatagramCore> waiting_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_DATAGRAM_CORE_H_

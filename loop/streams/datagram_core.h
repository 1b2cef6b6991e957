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
#include "loop/futures/intrusive_list.h"
#include "loop/futures/reference.h"
#include "loop/locks/wait_queue.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/water_marks.h"

namespace loop {

// Sends at once. A datagram for which the kernel has no room is queued, and
// sent when the socket is writable, or is tried again after a delay if the
// socket is always writable. Counted by its endpoint and, while it waits for
// the socket, by the loop, which may be about to call failed().
class DatagramCore final : public ReferenceCounted<DatagramCore>,
                           public ListLink,
                           private DescriptorWaiter {
 public:
  // Sends to `remote` without an address; nullopt is the socket's peer.
  DatagramCore(EventLoop& event_loop, Socket socket,
               std::optional<Address> remote);
  ~DatagramCore() override = default;

  Socket& socket() { return socket_; }

  // The functions of DatagramEndpoint.
  void sendto(std::string_view data, const std::optional<Address>& address);
  std::size_t size() const { return size_; }
  void set_limits(const WaterMarks& limits);
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

  // Called when the loop closes: ends the wait for the socket.
  void abandon() { stop_waiting(); }

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
  void stop_waiting();
  void send_queue();
  void back_off();
  void clear();
  void resume_drainers();

  LoopReference loop_;
  Socket socket_;
  bool is_connected_ = false;
  std::optional<Address> remote_;  // The only receiver.
  std::deque<Datagram> queue_;
  std::size_t size_ = 0;
  WaterMarks limits_;
  bool is_paused_ = false;
  // While the kernel reports the socket as writable and refuses to send.
  TimerHandle retry_;
  std::chrono::nanoseconds retry_delay_{};
  std::exception_ptr send_error_;
  BoundLoop bound_loop_;
  WaitQueue drainers_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_DATAGRAM_CORE_H_

// `DatagramEndpoint`: sends and receives datagrams, of UDP or of Unix sockets.

#ifndef LOOP_STREAMS_DATAGRAM_ENDPOINT_H_
#define LOOP_STREAMS_DATAGRAM_ENDPOINT_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/future_core.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"
#include "loop/sockets/address.h"
#include "loop/sockets/io_awaiter.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"
#include "loop/streams/datagram_core.h"
#include "loop/streams/water_marks.h"

namespace loop {

/// The options of create_datagram_endpoint(). At least one address is needed.
///
/// ```cpp
/// const auto any = loop::Address::ipv4("", 5353);
/// auto server = loop::create_datagram_endpoint({.local_addr = any});
/// ```
struct DatagramOptions {
  /// The address of the endpoint; nullopt lets the kernel choose one when the
  /// first datagram is sent.
  std::optional<Address> local_addr = {};
  /// The address to which all datagrams are sent; nullopt allows any. Only its
  /// datagrams are received, except with `allow_broadcast`.
  std::optional<Address> remote_addr = {};
  /// Lets several sockets have one local address (SO_REUSEPORT). No effect on
  /// Unix sockets.
  bool reuse_port = false;
  /// Permits sending to broadcast addresses (SO_BROADCAST). The socket is then
  /// not connected to `remote_addr`, so that any host may answer.
  bool allow_broadcast = false;
};

/// A socket that sends and receives datagrams.
///
/// ```cpp
/// for (;;) {
///   const auto datagram = co_await endpoint.recvfrom();
///   endpoint.sendto(datagram.first, datagram.second);
///   co_await endpoint.drain();  // Waits if the network is slow.
/// }
/// ```
///
/// Movable, not copyable; not while a task waits. A datagram may have no bytes.
/// Destroying the endpoint closes the socket and drops the datagrams that have
/// not been sent. A task that waits for the endpoint then gets an exception.
/// Threads: the loop's thread only.
///
/// Port of asyncio.DatagramTransport (CPython 3.15,
/// Lib/asyncio/selector_events.py). Differs from Python: datagrams are received
/// by recvfrom(), which throws the errors that Python passes to
/// DatagramProtocol.error_received().
class DatagramEndpoint {
 public:
  class DrainAwaiter;

  /// The size of the largest datagram of UDP, in bytes.
  static constexpr std::size_t kLargest = std::size_t{64} * 1024;

  /// Makes an endpoint of a datagram socket, for the running loop. Datagrams
  /// without an address go to the peer of the socket or, if it is not
  /// connected, to `remote_addr`. Throws RuntimeError if no loop is running.
  explicit DatagramEndpoint(Socket socket,
                            std::optional<Address> remote_addr = {});
  /// Takes over the socket and the queue of `other`, which must not be used
  /// afterwards.
  DatagramEndpoint(DatagramEndpoint&& other) noexcept = default;
  /// Closes the present socket, and takes over that of `other`.
  DatagramEndpoint& operator=(DatagramEndpoint&& other) noexcept;
  /// Closes the socket, and drops the queue.
  ~DatagramEndpoint();

  /// Waits for a datagram, and returns up to `most` of its bytes, and the
  /// address of its sender; see sock_recvfrom(). Throws OSError (ECONNREFUSED)
  /// if nobody listens at `remote_addr`; the endpoint can be used on.
  Io<socket_io_internal::Recvfrom> recvfrom(std::size_t most = kLargest) {
    return sock_recvfrom(core_->socket(), most);
  }

  /// Sends a datagram, or queues it if the kernel has no room: await drain()
  /// between datagrams. Without `address` the datagram goes to remote_addr.
  ///
  /// Throws ValueError if there is neither address nor remote_addr, or if
  /// both are given and differ; RuntimeError after close(). Throws OSError if
  /// the kernel refuses the datagram (EMSGSIZE, ECONNREFUSED), or has refused a
  /// queued one since the last call; `data` are dropped in both cases.
  ///
  /// If a Unix socket without remote_addr sends to a receiver whose queue is
  /// full, the kernel does not report when there is room: the endpoint tries
  /// again after 1 ms, and then after up to 64 ms. With remote_addr it waits
  /// for the kernel. Differs from Python: there, the loop polls without a
  /// pause.
  void sendto(std::string_view data,
              const std::optional<Address>& address = {}) {
    core_->sendto(data, address);
  }

  /// `co_await endpoint.drain()` waits until the queue is below its low limit,
  /// if it is above its high limit. Throws OSError if the kernel has refused a
  /// queued datagram.
  Operation<DatagramCore, DrainAwaiter> drain() {
    return Operation<DatagramCore, DrainAwaiter>(*core_);
  }

  /// Returns the size of the queue, in bytes. Each datagram counts with 8 bytes
  /// more than it has, so that empty ones fill the queue, too. Port of
  /// asyncio.DatagramTransport.get_write_buffer_size.
  std::size_t get_write_buffer_size() const { return core_->size(); }
  /// Sets the limits of drain(), in bytes. If one is not given, `high` is four
  /// times `low`. If none is given, the limits are 64 KiB and 16 KiB. Throws
  /// ValueError if `low` is greater than `high`.
  void set_write_buffer_limits(std::optional<std::size_t> high = {},
                               std::optional<std::size_t> low = {}) {
    core_->set_limits(water_marks(high, low));
  }

  /// Closes the socket, and drops the queue. A task that waits for the endpoint
  /// gets OSError (EBADF). Differs from Python: there the queue is sent first.
  void close() { core_->close(); }

  /// Returns the socket, for its options and addresses.
  Socket& socket() { return core_->socket(); }

 private:
  Reference<DatagramCore> core_;
};

class DatagramEndpoint::DrainAwaiter final
    : public Waiter,
      public FrameAwaiter<DatagramEndpoint::DrainAwaiter> {
 public:
  explicit DrainAwaiter(DatagramCore& core) : core_(core) {}

  bool await_ready() const { return !core_.is_paused(); }
  void suspend(Frame& frame) {
    start(frame, core_.drainers(), core_.bound_loop());
  }
  void await_resume() {
    if (has_waited()) {
      end_or_throw();
      core_.check_open();
    }
    core_.check_error();
  }

 private:
  DatagramCore& core_;
};

/// Makes a datagram socket, binds it to `options.local_addr`, connects it to
/// `options.remote_addr`, and returns its endpoint in the running loop. A Unix
/// socket that exists at the path of `options.local_addr` is removed first.
///
/// Throws ValueError if there is no address or the families of the two differ,
/// OSError if the kernel refuses, and RuntimeError if no loop is running.
///
/// Port of loop.create_datagram_endpoint(). Differs from Python: an ordinary
/// function, because the addresses are numeric; getaddrinfo() looks up names.
DatagramEndpoint create_datagram_endpoint(const DatagramOptions& options);

}  // namespace loop

#endif  // LOOP_STREAMS_DATAGRAM_ENDPOINT_H_

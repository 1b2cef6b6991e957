// `sock_accept()`, `sock_connect()`, `sock_recv()`, `sock_recv_into()`,
// `sock_recvfrom()`, `sock_recvfrom_into()`, `sock_sendall()`, `sock_sendto()`:
// the operations of a Socket that may have to wait.

#ifndef LOOP_SOCKETS_SOCKET_IO_H_
#define LOOP_SOCKETS_SOCKET_IO_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/callbacks/fd_handlers.h"
#include "loop/sockets/address.h"
#include "loop/sockets/descriptor.h"
#include "loop/sockets/io_awaiter.h"
#include "loop/sockets/socket.h"

namespace loop {

namespace socket_io_internal {

// The parts of an operation that do not depend on it. See Io.
template <FdHandlers::Side kSide>
class Operation {
 public:
  Descriptor& descriptor() const { return socket_->descriptor(); }
  FdHandlers::Side side() const { return kSide; }
  bool waits_first() const { return false; }

 protected:
  explicit Operation(Socket& socket) : socket_(&socket) {}
  Socket& socket() const { return *socket_; }
  int fd() const { return socket_->fileno(); }

 private:
  Socket* socket_;
};

using Reading = Operation<FdHandlers::kReader>;
using Writing = Operation<FdHandlers::kWriter>;

class Accept : public Reading {
 public:
  explicit Accept(Socket& socket) : Reading(socket) {}
  bool attempt();
  std::pair<Socket, Address> result() { return *std::move(client_); }

 private:
  std::optional<std::pair<Socket, Address>> client_;
};

class Connect : public Writing {
 public:
  Connect(Socket& socket, const Address& address)
      : Writing(socket), address_(address) {}
  bool attempt();
  void result() const {}

 private:
  bool begin();
  void end() const;

  Address address_;
  bool has_begun_ = false;
};

class Recv : public Reading {
 public:
  Recv(Socket& socket, std::size_t most) : Reading(socket), most_(most) {}
  bool attempt();
  std::string result() { return std::move(data_); }

 private:
  std::size_t most_;
  std::string data_;
};

class RecvInto : public Reading {
 public:
  RecvInto(Socket& socket, std::span<std::byte> buffer)
      : Reading(socket), buffer_(buffer) {}
  bool attempt();
  std::size_t result() const { return count_; }

 private:
  std::span<std::byte> buffer_;
  std::size_t count_ = 0;
};

class Recvfrom : public Reading {
 public:
  Recvfrom(Socket& socket, std::size_t most) : Reading(socket), most_(most) {}
  bool attempt();
  std::pair<std::string, Address> result() {
    return {std::move(data_), sender_};
  }

 private:
  std::size_t most_;
  std::string data_;
  Address sender_;
};

class RecvfromInto : public Reading {
 public:
  RecvfromInto(Socket& socket, std::span<std::byte> buffer)
      : Reading(socket), buffer_(buffer) {}
  bool attempt();
  std::pair<std::size_t, Address> result() { return {count_, sender_}; }

 private:
  std::span<std::byte> buffer_;
  std::size_t count_ = 0;
  Address sender_;
};

class Sendall : public Writing {
 public:
  Sendall(Socket& socket, std::string_view data)
      : Writing(socket), rest_(data) {}
  bool attempt();
  void result() const {}

 private:
  std::string_view rest_;
};

class Sendto : public Writing {
 public:
  Sendto(Socket& socket, std::string_view data, const Address& address)
      : Writing(socket), data_(data), address_(address) {}
  bool attempt();
  std::size_t result() const { return count_; }

 private:
  std::string_view data_;
  Address address_;
  std::size_t count_ = 0;
};

inline std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace socket_io_internal

/// `co_await sock_accept(server)` waits for the next client of a listening
/// socket. Returns its socket, which is non-blocking, and its address.
///
/// ```cpp
/// for (;;) {
///   auto accepted = co_await loop::sock_accept(server);
///   loop::create_task(serve(std::move(accepted.first)));
/// }
/// ```
///
/// All sock_ functions have these rules. The operation is tried at once, and
/// the task is suspended only if the operation would block; it continues in the
/// iteration in which the operation succeeds. The socket, and the memory that
/// is passed, must exist until then. Each throws OSError, which names the call
/// and the descriptor, if the kernel refuses; a socket that is closed during
/// the wait gives EBADF. Each throws RuntimeError if another task waits for the
/// same side of the socket: one reads and one may write at a time. A signal
/// interrupts nothing, and no operation raises SIGPIPE: sending to a peer that
/// is gone throws OSError (EPIPE). Threads: the loop's thread only.
///
/// A client that is gone before it is accepted (ECONNABORTED) is passed over.
/// OSError (EMFILE, ENFILE) leaves the client in the queue. A cancelled
/// sock_accept() leaves the client in the queue, too, for the next one.
///
/// Port of loop.sock_accept() (CPython 3.15, Lib/asyncio/selector_events.py).
/// Differs from Python: there ECONNABORTED is raised, and a client is lost if
/// the task is cancelled in the iteration that accepts it.
inline Io<socket_io_internal::Accept> sock_accept(Socket& server) {
  return Io(socket_io_internal::Accept(server));
}

/// `co_await sock_connect(socket, address)` connects the socket, and waits
/// until the peer has accepted or refused. Throws OSError, which names the
/// address, if the connection fails. For other rules see sock_accept().
///
/// A Unix socket whose listener has a full queue throws OSError (EAGAIN): the
/// kernel does not report when there is room, so the caller may try again
/// later. After a failed or cancelled sock_connect() close the socket, and use
/// a new one.
///
/// Port of loop.sock_connect(). Differs from Python: a host that is a name must
/// be looked up before, with getaddrinfo(); Python waits after EAGAIN, and then
/// takes the socket for connected.
inline Io<socket_io_internal::Connect> sock_connect(Socket& socket,
                                                    const Address& address) {
  return Io(socket_io_internal::Connect(socket, address));
}

/// `co_await sock_recv(socket, most)` waits for data, and returns up to `most`
/// bytes; "" at the end of a stream, and at once if `most` is 0. Of a longer
/// datagram the rest is lost. No buffer exists during the wait. For other rules
/// see sock_accept().
/// Port of loop.sock_recv().
inline Io<socket_io_internal::Recv> sock_recv(Socket& socket,
                                              std::size_t most) {
  return Io(socket_io_internal::Recv(socket, most));
}

/// `co_await sock_recv_into(socket, buffer)` waits for data, and writes them to
/// `buffer`. Returns the number of bytes; 0 at the end of a stream, and at once
/// for an empty buffer. For other rules see sock_accept().
/// Port of loop.sock_recv_into().
inline Io<socket_io_internal::RecvInto> sock_recv_into(
    Socket& socket, std::span<std::byte> buffer) {
  return Io(socket_io_internal::RecvInto(socket, buffer));
}
/// `co_await sock_recv_into(socket, buffer)` with a buffer of characters.
inline Io<socket_io_internal::RecvInto> sock_recv_into(Socket& socket,
                                                       std::span<char> buffer) {
  return sock_recv_into(socket, std::as_writable_bytes(buffer));
}

/// `co_await sock_recvfrom(socket, most)` waits for a datagram, and returns up
/// to `most` of its bytes, and the address of its sender. The rest of a longer
/// datagram is lost. For other rules see sock_accept().
/// Port of loop.sock_recvfrom().
inline Io<socket_io_internal::Recvfrom> sock_recvfrom(Socket& socket,
                                                      std::size_t most) {
  return Io(socket_io_internal::Recvfrom(socket, most));
}

/// `co_await sock_recvfrom_into(socket, buffer)` waits for a datagram, and
/// writes it to `buffer`. Returns the number of bytes, and the address of the
/// sender. The rest of a longer datagram is lost. For other rules see
/// sock_accept().
/// Port of loop.sock_recvfrom_into(). Differs from Python: for fewer bytes pass
/// a shorter buffer; there is no argument `nbytes`.
inline Io<socket_io_internal::RecvfromInto> sock_recvfrom_into(
    Socket& socket, std::span<std::byte> buffer) {
  return Io(socket_io_internal::RecvfromInto(socket, buffer));
}
/// `co_await sock_recvfrom_into(socket, buffer)` with a buffer of characters.
inline Io<socket_io_internal::RecvfromInto> sock_recvfrom_into(
    Socket& socket, std::span<char> buffer) {
  return sock_recvfrom_into(socket, std::as_writable_bytes(buffer));
}

/// `co_await sock_sendall(socket, data)` sends all of `data`, and waits for
/// room in the socket's buffer as often as needed. For other rules see
/// sock_accept().
///
/// After an exception, CancelledError included, a part of `data` may have been
/// sent, and the caller cannot know how much: close the connection then.
///
/// Port of loop.sock_sendall().
inline Io<socket_io_internal::Sendall> sock_sendall(Socket& socket,
                                                    std::string_view data) {
  return Io(socket_io_internal::Sendall(socket, data));
}
/// `co_await sock_sendall(socket, data)` with bytes.
inline Io<socket_io_internal::Sendall> sock_sendall(
    Socket& socket, std::span<const std::byte> data) {
  return sock_sendall(socket, socket_io_internal::chars(data));
}

/// `co_await sock_sendto(socket, data, address)` sends a datagram to `address`,
/// and waits for room in the socket's buffer. Returns the number of bytes. A
/// datagram that is too long throws OSError (EMSGSIZE). For other rules see
/// sock_accept().
/// Port of loop.sock_sendto().
inline Io<socket_io_internal::Sendto> sock_sendto(Socket& socket,
                                                  std::string_view data,
                                                  const Address& address) {
  return Io(socket_io_internal::Sendto(socket, data, address));
}
/// `co_await sock_sendto(socket, data, address)` with bytes.
inline Io<socket_io_internal::Sendto> sock_sendto(
    Socket& socket, std::span<const std::byte> data, const Address& address) {
  return sock_sendto(socket, socket_io_internal::chars(data), address);
}

}  // namespace loop

#endif  // LOOP_SOCKETS_SOCKET_IO_H_

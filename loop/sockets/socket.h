// `Socket`: the owner of a non-blocking socket.

#ifndef LOOP_SOCKETS_SOCKET_H_
#define LOOP_SOCKETS_SOCKET_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "loop/sockets/address.h"
#include "loop/sockets/descriptor.h"

namespace loop {

/// The structure of a socket option: `linger`, `timeval`, `tcp_info`.
template <class T>
concept SocketOption = std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
    std::default_initializable<T> && !std::ranges::range<T>;

/// The owner of a socket's descriptor.
///
/// ```cpp
/// loop::Socket server(AF_INET, SOCK_STREAM);
/// server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
/// server.bind(loop::Address::ipv4("127.0.0.1", 8080));
/// server.listen();
/// ```
///
/// The descriptor is non-blocking and close-on-exec, and the destructor closes
/// it. The operations that may have to wait are functions beside this class:
/// sock_accept(), sock_connect(), sock_recv(), sock_sendall() and others.
///
/// Movable, not copyable; not while a task waits. Each function below throws
/// OSError, which names the call and the descriptor or the address, if the
/// kernel refuses; the socket is unchanged then. On a closed socket that is
/// EBADF. Threads: any, one at a time; from the first wait on, the thread of
/// that loop only.
///
/// Port of socket.socket (CPython 3.15, Lib/socket.py).
class Socket {
 public:
  /// Makes a closed socket.
  Socket() = default;

  /// Makes a socket of an address family (AF_INET, AF_INET6, AF_UNIX) and a
  /// type (SOCK_STREAM, SOCK_DGRAM); a `protocol` of 0 is the usual one.
  Socket(int family, int type, int protocol = 0);

  /// Takes over an open socket's descriptor, and makes it non-blocking and
  /// close-on-exec. Throws OSError if it is not open (EBADF) or no socket
  /// (ENOTSOCK); the caller keeps the descriptor then, unchanged.
  /// Differs from Python: there, the argument `fileno` of the constructor.
  static Socket from_fd(int fd);

  /// The descriptor; -1 if the socket is closed.
  int fileno() const { return descriptor_.fileno(); }
  /// Returns whether the socket is not closed.
  explicit operator bool() const { return fileno() != -1; }
  /// Returns the owner of the descriptor, for awaiters.
  Descriptor& descriptor() { return descriptor_; }

  /// The address family.
  int family() const { return getsockname().family(); }
  /// The type: SOCK_STREAM, SOCK_DGRAM or another.
  int type() const;

  /// Gives the socket an address of its own. Makes a file for a path; closing
  /// the socket does not remove that file.
  void bind(const Address& address);

  /// Makes the socket accept connections; the kernel queues up to `backlog` of
  /// them.
  void listen(int backlog = kBacklog);

  /// Accepts the next client: returns its socket, which is non-blocking, and
  /// its address; nullopt if no client waits. Clients that are gone already
  /// (ECONNABORTED) are passed over. sock_accept() waits for a client.
  std::optional<std::pair<Socket, Address>> try_accept();

  /// The address of the socket.
  Address getsockname() const;
  /// The address of the peer. Throws OSError (ENOTCONN) if there is none.
  Address getpeername() const;

  /// Returns an option that is an int: getsockopt(SOL_SOCKET, SO_ERROR).
  int getsockopt(int level, int name) const;
  /// Returns an option that is a structure: getsockopt<linger>(SOL_SOCKET,
  /// SO_LINGER). Members that the kernel does not fill in are zero.
  template <SocketOption T>
  T getsockopt(int level, int name) const {
    T value{};
    getsockopt(level, name, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  /// Copies an option to `value`, and returns its size in bytes. An option that
  /// is longer than `value` is cut off.
  std::size_t getsockopt(int level, int name, std::span<std::byte> value) const;

  /// Sets an option that is an int: setsockopt(IPPROTO_TCP, TCP_NODELAY, 1).
  void setsockopt(int level, int name, int value);
  /// Sets an option that is a structure: setsockopt(SOL_SOCKET, SO_LINGER,
  /// linger{1, 0}).
  template <SocketOption T>
  void setsockopt(int level, int name, const T& value) {
    setsockopt(level, name, std::as_bytes(std::span(&value, 1)));
  }
  /// Sets an option to the bytes of `value`, such as the name of an interface.
  void setsockopt(int level, int name, std::span<const std::byte> value);

  /// Ends one direction of a connection, or both: SHUT_RD, SHUT_WR, SHUT_RDWR.
  void shutdown(int how);

  /// Gives up the descriptor, which the caller owns now, and returns it. This
  /// Socket is closed afterwards. Tasks that wait for it get OSError (EBADF).
  int detach() { return descriptor_.detach(); }

  /// Closes the descriptor. No effect on a closed socket. Tasks that wait for
  /// it get OSError (EBADF); remove readers and writers of your own first.
  /// Differs from Python: an error of close(2) is dropped, and a task that
  /// waits does not wait forever.
  void close() { descriptor_.close(); }

  /// Returns the socket as text: "<socket fd=5 family=AF_INET type=SOCK_STREAM
  /// laddr=127.0.0.1:80 raddr=127.0.0.1:4711>", or "<socket closed>". Does not
  /// throw OSError.
  std::string repr() const;

 private:
  friend std::pair<Socket, Socket> socketpair(int, int, int);

  static constexpr int kBacklog = 128;

  explicit Socket(int fd) : descriptor_(fd) {}

  Descriptor descriptor_;
};

/// Makes two Unix stream sockets that are connected to each other. Throws
/// OSError.
/// Port of socket.socketpair.
std::pair<Socket, Socket> socketpair();
/// Makes two sockets of a family, which is AF_UNIX on most systems, and a type
/// that are connected to each other. Throws OSError.
std::pair<Socket, Socket> socketpair(int family, int type, int protocol = 0);

}  // namespace loop

#endif  // LOOP_SOCKETS_SOCKET_H_

// `Server`, `start_server()`: accept connections. Port of asyncio.Server.

#ifndef LOOP_STREAMS_SERVER_H_
#define LOOP_STREAMS_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/futures/future_core.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/stream.h"

namespace loop {

class ServerCore;

/// The callback of a server: a coroutine function that serves one client. The
/// connection is closed when the coroutine returns or throws.
using ClientCallback = std::function<Coroutine<>(StreamReader, StreamWriter)>;

/// The options of start_server(), each given by its name, as in Python.
///
/// ```cpp
/// const loop::ServerOptions options = {.backlog = 1000, .max_clients = 5000};
/// loop::Server server = co_await loop::start_server(serve, "", 80, options);
/// ```
struct ServerOptions {
  /// The size of the longest line, in bytes; 1 or more.
  std::size_t limit = StreamReader::kDefaultLimit;
  /// The address family of a host: AF_INET or AF_INET6; 0 stands for both.
  int family = 0;
  /// The number of clients that the kernel queues. At most one more is accepted
  /// in one iteration, so that the others run. 0 or more.
  int backlog = 100;
  /// Whether an address that an earlier server has just left can be used.
  bool reuse_address = true;
  /// Whether several servers may use one port, each of which gets a part of the
  /// clients: one loop per thread, for example. IPv4 and IPv6 only.
  bool reuse_port = false;
  /// The number of clients to serve at a time, 1 or more; the others wait in
  /// the kernel's queue. By default three quarters of the descriptors that the
  /// process may have open (`ulimit -n`), so that the clients' callbacks can
  /// open files. Differs from Python: there, as many as there are descriptors.
  std::optional<int> max_clients = std::nullopt;
  /// Whether to accept clients at once, without start_serving().
  bool start_serving = true;
  /// Whether close() removes the file of a Unix socket, unless its path names
  /// another file by then.
  bool cleanup_socket = true;
};

/// A handle of a server, which accepts clients and runs a callback for each.
///
/// ```cpp
/// loop::Coroutine<> echo(loop::StreamReader reader,
///                        loop::StreamWriter writer) {
///   while (const auto line = co_await reader.next_line()) {
///     writer.write(*line);
///     co_await writer.drain();
///   }
/// }
///
/// loop::Coroutine<> serve() {
///   loop::Server server = co_await loop::start_server(echo, "127.0.0.1", 7);
///   co_await server.serve_forever();
/// }
/// ```
///
/// Each client is served by a task of its own. An exception of the callback is
/// reported to the exception handler. A client that is gone before it is
/// accepted is passed over. If accept(2) fails, because there are no
/// descriptors (EMFILE) or no memory, or the selector refuses to watch a
/// socket, the server waits for a second and tries again; the error is reported
/// once, until a client has been accepted.
///
/// Copies refer to one server, which serves until close(), also without a
/// handle. Threads: the loop's thread only.
///
/// Port of asyncio.Server (CPython 3.15, Lib/asyncio/base_events.py). Differs
/// from Python: there, a connection stays open when its callback returns.
class Server {
 public:
  /// Makes a handle of `core`. For start_server().
  explicit Server(ServerCore& core);
  /// Refers to the server of `other`.
  Server(const Server& other);
  /// Refers to the server of `other`.
  Server& operator=(const Server& other);
  /// Leaves the server as it is.
  ~Server();

  /// Begins to accept clients. No effect if the server does already. Throws
  /// RuntimeError if the server or its loop is closed.
  void start_serving() const;

  /// Accepts clients until the task is cancelled or the server is closed. Then
  /// closes the server and the connections of its clients, waits for the end of
  /// their callbacks, and throws CancelledError. Throws RuntimeError if the
  /// server is closed already, or another task is serving forever.
  Coroutine<> serve_forever() const;

  /// Stops accepting, closes the listening sockets, and removes the files of
  /// Unix sockets; see ServerOptions::cleanup_socket. Clients are served to
  /// their end, unless a task is in serve_forever(), which then closes their
  /// connections. No effect on a closed server.
  void close() const;
  /// Closes the connections of all clients, as StreamWriter::close() does.
  void close_clients() const;
  /// Closes the connections of all clients at once, as StreamWriter::abort()
  /// does.
  void abort_clients() const;

  /// Waits until the server is closed and has no clients.
  Coroutine<> wait_closed() const;

  /// Returns whether the server accepts clients.
  bool is_serving() const;

  /// Returns the addresses at which the server listens; none once it is closed.
  /// Port of Server.sockets. Differs from Python: there, the sockets.
  std::vector<Address> addresses() const;

  /// Returns the number of clients. Beyond Python.
  std::size_t client_count() const;

 private:
  Reference<ServerCore> core_;
};

/// Starts a server that listens at `address`. A Unix socket of an earlier
/// server at the path of `address` is removed first. Throws OSError, which
/// names the address, if the kernel refuses. Throws ValueError if
/// `options.limit`, `backlog` or `max_clients` is out of range. Differs from
/// Python: there, a negative backlog accepts no client. Threads: the loop's
/// thread only. Port of asyncio.start_server and asyncio.start_unix_server
/// (CPython 3.15, Lib/asyncio/streams.py).
Coroutine<Server> start_server(ClientCallback callback, Address address,
                               ServerOptions options = {});

/// Starts a server that listens at all addresses of `host`, a name or a numeric
/// address; "" is any address of this machine. Port 0 lets the kernel choose
/// one for each address. An address that this machine does not have is passed
/// over if it has another one of the host: `localhost` without IPv6. Throws
/// GaiError if the host has no address, and OSError if the kernel refuses one.
/// Port of asyncio.start_server.
Coroutine<Server> start_server(ClientCallback callback, std::string host,
                               std::uint16_t port, ServerOptions options = {});

/// Starts a server at the Unix socket `path`. A socket that exists there is
/// removed first. Port of asyncio.start_unix_server.
Coroutine<Server> start_unix_server(ClientCallback callback,
                                    const std::string& path,
                                    ServerOptions options = {});

/// Starts a server of a socket that is bound already; it makes the socket
/// listen. Port of asyncio.start_server(sock=...).
Coroutine<Server> start_server(ClientCallback callback, Socket socket,
                               ServerOptions options = {});
/// Starts a server of sockets that are bound already; it makes them listen.
/// Port of asyncio.start_server(sock=...).
Coroutine<Server> start_server(ClientCallback callback,
                               std::vector<Socket> sockets,
                               ServerOptions options = {});

}  // namespace loop

#endif  // LOOP_STREAMS_SERVER_H_

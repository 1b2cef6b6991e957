// `open_connection()`, `open_unix_connection()`: connect a stream to a server.

#ifndef LOOP_STREAMS_OPEN_CONNECTION_H_
#define LOOP_STREAMS_OPEN_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "loop/coroutines/coroutine.h"
#include "loop/sockets/address.h"
#include "loop/streams/stream.h"
#include "selectors/wait_limit.h"

namespace loop {

/// The options of open_connection(), each given by its name, as in Python.
///
/// ```cpp
/// const loop::ConnectionOptions options = {.limit = 1 << 20};
/// loop::Stream stream = co_await loop::open_connection(host, 80, options);
/// ```
struct ConnectionOptions {
  /// The size of the longest line, in bytes; 1 or more.
  std::size_t limit = StreamReader::kDefaultLimit;
  /// The address family to use: AF_INET or AF_INET6; 0 stands for both.
  int family = 0;
  /// The address of this side; nullopt lets the kernel choose one.
  std::optional<Address> local_addr = {};
  /// The time after which the next address of a host is tried as well, while
  /// the attempts before still wait ("happy eyeballs", RFC 8305); nullopt tries
  /// one address after another. Differs from Python: there, the default is
  /// None, and 0.25 is recommended.
  selectors::WaitLimit happy_eyeballs_delay = std::chrono::milliseconds(250);
  /// The number of addresses of the first family to try before the families of
  /// a host take turns; 0 keeps the order of getaddrinfo(). Differs from
  /// Python: there, the default is 0 without happy_eyeballs_delay.
  std::size_t interleave = 1;
};

/// Connects to `address`, and returns a reader and a writer.
///
/// ```cpp
/// loop::Stream stream = co_await loop::open_connection(address);
/// stream.writer.write("GET / HTTP/1.0\r\n\r\n");
/// std::string answer = co_await stream.reader.read();
/// ```
///
/// Throws OSError if the connection fails, and ValueError for a limit of 0; a
/// cancelled call leaves no socket open. A Unix server whose queue is full
/// throws OSError (EAGAIN). A TCP connection has TCP_NODELAY. Threads: the
/// loop's thread only. Port of asyncio.open_connection and
/// asyncio.open_unix_connection (CPython 3.15, Lib/asyncio/streams.py).
Coroutine<Stream> open_connection(Address address,
                                  ConnectionOptions options = {});

/// Connects to the port `port` of `host`, a name or a numeric address.
///
/// Tries the addresses of the host in turn, and uses the first connection that
/// is made. An attempt starts when the attempt before has failed, or
/// `options.happy_eyeballs_delay` after its start, so that an address that does
/// not answer costs a quarter of a second. When open_connection() ends, also by
/// a cancellation, no attempt is left, and the other sockets are closed.
///
/// Throws GaiError if the host has no address, and OSError if no address can be
/// connected to: the error of the only attempt, or an error that names the
/// addresses of all. Throws TimeoutError if all attempts have failed by other
/// exceptions. Port of asyncio.open_connection.
Coroutine<Stream> open_connection(std::string host, std::uint16_t port,
                                  ConnectionOptions options = {});

/// Connects to the Unix socket at `path`. See open_connection(). Port of
/// asyncio.open_unix_connection.
Coroutine<Stream> open_unix_connection(const std::string& path,
                                       ConnectionOptions options = {});

}  // namespace loop

#endif  // LOOP_STREAMS_OPEN_CONNECTION_H_

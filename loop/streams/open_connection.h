// `open_connection()`, `open_unix_connection()`: connect a stream to a server.

#ifndef LOOP_STREAMS_OPEN_CONNECTION_H_
#define LOOP_STREAMS_OPEN_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "loop/coroutines/coroutine.h"
#include "loop/sockets/address.h"
#include "loop/streams/stream.h"

namespace loop {

/// The options of open_connection(), each given by its name, as in Python.
///
/// ```cpp
/// const loop::ConnectionOptions options = {.limit = 1 << 20};
/// loop::Stream stream = co_await loop::open_connection(host, 80, options);
/// ```
struct ConnectionOptions {
  /// The size of the longest line, in bytes.
  std::size_t limit = StreamReader::kDefaultLimit;
  /// The address family to use: AF_INET or AF_INET6; 0 stands for both.
  int family = 0;
  /// The address of this side; nullopt lets the kernel choose one.
  std::optional<Address> local_addr = {};
};

/// Connects to `address`, and returns a reader and a writer.
///
/// ```cpp
/// loop::Stream stream = co_await loop::open_connection(address);
/// stream.writer.write("GET / HTTP/1.0\r\n\r\n");
/// std::string answer = co_await stream.reader.read();
/// ```
///
/// Throws OSError if the connection fails; a cancelled call leaves no socket
/// open. A Unix server whose queue is full throws OSError (EAGAIN). A TCP
/// connection has TCP_NODELAY. Threads: the loop's thread only.
/// Port of asyncio.open_connection and asyncio.open_unix_connection (CPython
/// 3.15, Lib/asyncio/streams.py).
Coroutine<Stream> open_connection(Address address,
                                  ConnectionOptions options = {});

/// Connects to the port `port` of `host`, a name or a numeric address. Tries
/// the addresses of the host one after another. Throws GaiError if there is
/// none, and OSError if no address can be connected to: the error of the only
/// one, or an error that names all. Port of asyncio.open_connection.
Coroutine<Stream> open_connection(std::string host, std::uint16_t port,
                                  ConnectionOptions options = {});

/// Connects to the Unix socket at `path`. See open_connection(). Port of
/// asyncio.open_unix_connection.
Coroutine<Stream> open_unix_connection(std::string path,
                                       ConnectionOptions options = {});

}  // namespace loop

#endif  // LOOP_STREAMS_OPEN_CONNECTION_H_

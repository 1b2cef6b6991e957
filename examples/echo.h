// `echo()`: serves one client of echo_streams, multicore_echo and c10k.

#ifndef EXAMPLES_ECHO_H_
#define EXAMPLES_ECHO_H_

#include <string>
#include <utility>
#include <vector>

#include "loop/loop.h"

namespace examples {

// Sends back what a client sends, until the client ends its side. A client is a
// call of this function: its state is the `co_await` where it waits. While a
// slow client keeps drain() waiting, nothing more is read from it.
inline loop::Coroutine<> echo(loop::StreamReader reader,
                              loop::StreamWriter writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(4096);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

// Serves the clients of a bound socket with echo(), forever.
inline loop::Coroutine<> serve_echo(loop::Socket socket,
                                    loop::ServerOptions options = {}) {
  std::vector<loop::Socket> sockets;
  sockets.push_back(std::move(socket));
  const auto server =
      co_await loop::start_server(echo, std::move(sockets), options);
  co_await server.serve_forever();
}

}  // namespace examples

#endif  // EXAMPLES_ECHO_H_

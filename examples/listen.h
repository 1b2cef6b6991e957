// `listen()`, `port_argument()`, `print_address()`: the beginning of a server
// program.

#ifndef EXAMPLES_LISTEN_H_
#define EXAMPLES_LISTEN_H_

#include <sys/socket.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "examples/print_line.h"
#include "loop/sockets/sockets.h"

namespace examples {

// Returns the port that an argument of main() names. If there is no such
// argument, returns 0, with which the system chooses a port.
inline std::uint16_t port_argument(int argc, char** argv, int index = 1) {
  if (argc <= index) return 0;
  const unsigned long port = std::stoul(argv[index]);
  if (port > 65535) throw std::out_of_range("a port is at most 65535");
  return static_cast<std::uint16_t>(port);
}

// Prints where a server listens.
inline void print_address(const loop::Address& address) {
  print_line("listening on " + address.repr());
}

// Returns a socket that listens on a port of this machine. With `reuse_port`
// several sockets may listen on one port.
inline loop::Socket listen(std::uint16_t port, bool reuse_port = false) {
  loop::Socket server(AF_INET, SOCK_STREAM);
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  if (reuse_port) server.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
  server.bind(loop::Address::ipv4("127.0.0.1", port));
  server.listen();
  return server;
}

}  // namespace examples

#endif  // EXAMPLES_LISTEN_H_

// Sends each datagram back to its sender, until Ctrl-C. Prints its address; the
// argument is the port, and without one the kernel chooses.
//
// A datagram is a message: it arrives whole or not at all, and there is no
// connection that could end. So one socket and one task serve all clients, and
// the sender's address, a value, is all that the program knows of them.
//
// Try: nc -u 127.0.0.1 PORT. And SELECTORS_TRACE=1: the program receives first,
// and waits in the selector only if there is nothing to receive.

#include <sys/socket.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

loop::Coroutine<> echo(loop::Socket& socket) {
  constexpr std::size_t kLongest = 65536;
  for (;;) {
    const auto received = co_await loop::sock_recvfrom(socket, kLongest);
    const auto& [data, sender] = received;
    co_await loop::sock_sendto(socket, data, sender);
  }
}

int main(int argc, char** argv) try {
  loop::Socket socket(AF_INET, SOCK_DGRAM);
  socket.bind(
      loop::Address::ipv4("127.0.0.1", examples::port_argument(argc, argv)));
  examples::print_address(socket.getsockname());
  loop::run(echo(socket));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

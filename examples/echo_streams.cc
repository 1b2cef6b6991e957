// Echoes the bytes that clients send, with streams. Each client is a coroutine,
// echo() of echo.h, that reads like a synchronous program: its state is where
// it waits, and the variables that it has there. What the two programs below
// this level do by hand is in the library: sending the rest later, reading no
// more while the client is slow, and closing.
//
// Compare echo_selectors and echo_callbacks.
//
// Try: nc 127.0.0.1 PORT, in two terminals, or echo_client.

#include <cstdint>
#include <cstdio>
#include <exception>

#include "examples/echo.h"
#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

loop::Coroutine<> serve(std::uint16_t port) {
  const auto server =
      co_await loop::start_server(examples::echo, "127.0.0.1", port);
  examples::print_address(server.addresses()[0]);
  co_await server.serve_forever();
}

int main(int argc, char** argv) try {
  loop::run(serve(examples::port_argument(argc, argv)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

// Passes connections on to another server:
//
//   proxy LISTEN_PORT HOST PORT
//
// Each connection is two loops, one for each direction, that run until both are
// at their end. The end of one direction (a half-close) is passed on, and the
// other direction goes on. A slow receiver slows its sender down: while drain()
// waits, nothing is read, the buffers of the kernels fill up, and the sender
// has to wait, too.
//
// Try: `proxy 8080 127.0.0.1 PORT` in front of http_server, and curl.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

loop::Coroutine<> pump(loop::StreamReader from, loop::StreamWriter to) {
  for (;;) {
    const std::string bytes = co_await from.read(64 * 1024);
    if (bytes.empty()) break;
    to.write(bytes);
    co_await to.drain();
  }
  to.write_eof();
}

loop::Coroutine<> serve(std::uint16_t listen_port, std::string host,
                        std::uint16_t port) {
  const auto pass_on = [&](loop::StreamReader reader,
                           loop::StreamWriter writer) -> loop::Coroutine<> {
    const loop::Stream target = co_await loop::open_connection(host, port);
    // If one direction breaks, the other one is cancelled.
    loop::TaskGroup group;
    group.create_task(pump(reader, target.writer));
    group.create_task(pump(target.reader, writer));
    co_await group.join();
  };
  const auto server =
      co_await loop::start_server(pass_on, "127.0.0.1", listen_port);
  examples::print_address(server.addresses()[0]);
  co_await server.serve_forever();
}

int main(int argc, char** argv) try {
  if (argc != 4) {
    examples::print_line("usage: proxy LISTEN_PORT HOST PORT", stderr);
    return 2;
  }
  loop::run(serve(examples::port_argument(argc, argv), argv[2],
                  examples::port_argument(argc, argv, 3)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

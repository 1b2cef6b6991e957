// The server of echo_streams, with one event loop for each core. Each loop runs
// in a thread of its own, and has a listening socket of its own on one port
// (SO_REUSEPORT): the kernel spreads the connections over the sockets, and the
// threads share nothing.
//
//   multicore_echo PORT THREADS
//
// A connection stays with its loop. That keeps the program without locks, and
// it is the price as well: connections that are busy may share a core while
// another core is idle.
//
// Try: a few of echo_client, and look at the threads with `top -H`.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "examples/echo.h"
#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

namespace {

// All sockets listen before the first loop runs, so that no client is refused.
void serve_in_threads(std::uint16_t port, unsigned count) {
  std::vector<loop::Socket> sockets;
  sockets.push_back(examples::listen(port, /*reuse_port=*/true));
  const loop::Address address = sockets.front().getsockname();
  while (sockets.size() < count) {
    sockets.push_back(examples::listen(address.port(), /*reuse_port=*/true));
  }
  examples::print_address(address);
  std::vector<std::thread> threads;
  for (loop::Socket& socket : sockets) {
    threads.emplace_back(
        [&socket] { loop::run(examples::serve_echo(std::move(socket))); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) try {
  const auto threads =
      argc > 2 ? std::stoul(argv[2]) : std::thread::hardware_concurrency();
  serve_in_threads(examples::port_argument(argc, argv),
                   static_cast<unsigned>(threads));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

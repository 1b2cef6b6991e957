// Prints the open TCP ports of a host:
//
//   port_scan HOST FIRST LAST
//
// A connection that is refused fails at once; one that nobody answers would
// take minutes. So each attempt has a time limit, and up to 100 attempts wait
// at a time. The semaphore bounds the number of descriptors as well.
//
// Try: port_scan 127.0.0.1 1 65535

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "examples/listen.h"
#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;

loop::Coroutine<> probe(const std::string& host, std::uint16_t port,
                        loop::Semaphore& free) {
  const auto guard = co_await free.scoped();
  try {
    co_await loop::wait_for(loop::open_connection(host, port), 1s);
    examples::print_line(std::to_string(port) + " is open");
  } catch (const loop::GaiError&) {
    throw;                          // There is no such host.
  } catch (const loop::OSError&) {  // Refused, or unreachable.
  } catch (const loop::TimeoutError&) {
  }
}

loop::Coroutine<> scan(std::string host, unsigned first, unsigned last) {
  loop::Semaphore free(100);
  loop::TaskGroup group;
  for (unsigned port = first; port <= last; ++port) {
    group.create_task(probe(host, static_cast<std::uint16_t>(port), free));
  }
  co_await group.join();
}

int main(int argc, char** argv) try {
  if (argc != 4) {
    examples::print_line("usage: port_scan HOST FIRST LAST", stderr);
    return 2;
  }
  loop::run(scan(argv[1], examples::port_argument(argc, argv, 2),
                 examples::port_argument(argc, argv, 3)));
} catch (const std::exception& error) {
  examples::print_line(error.what(), stderr);
  return 1;
}

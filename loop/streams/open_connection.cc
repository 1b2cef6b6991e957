#include "loop/streams/open_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/awaitable.h"
#include "loop/futures/errors.h"
#include "loop/futures/outcome.h"
#include "loop/sockets/getaddrinfo.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// Connects one socket.
Coroutine<Stream> connect_to(Address address, ConnectionOptions options) {
  Socket socket(address.family(), SOCK_STREAM);
  if (options.local_addr) socket.bind(*options.local_addr);
  co_await sock_connect(socket, address);
  if (address.family() != AF_UNIX) {
    socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  }
  co_return make_stream(std::move(socket), options.limit);
}

// The error of attempts of which each has failed.
[[noreturn]] void throw_all(const std::vector<selectors::OSError>& errors) {
  if (errors.size() == 1) throw errors.front();
  std::string all = "Multiple exceptions";
  for (const selectors::OSError& error : errors) {
    all += std::string(&error == &errors.front() ? ": " : ", ") + error.what();
  }
  throw selectors::OSError(errors.back().code(), all);
}

}  // namespace

Coroutine<Stream> open_connection(Address address, ConnectionOptions options) {
  return connect_to(std::move(address), std::move(options));
}

Coroutine<Stream> open_connection(std::string host, std::uint16_t port,
                                  ConnectionOptions options) {
  const AddressHints hints = {.family = options.family, .type = SOCK_STREAM};
  const auto answers = co_await getaddrinfo(host, port, hints);
  std::vector<selectors::OSError> errors;
  for (const AddressInfo& answer : answers) {
    try {
      co_return co_await connect_to(answer.address, options);
    } catch (const selectors::OSError& error) {
      errors.push_back(error);
    }
  }
  throw_all(errors);
}

Coroutine<Stream> open_unix_connection(std::string path,
                                       ConnectionOptions options) {
  return connect_to(Address::unix_path(path), std::move(options));
}

}  // namespace loop

#include "loop/streams/open_connection.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "loop/sockets/getaddrinfo.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"
#include "loop/streams/connection_race.h"
#include "loop/streams/stream_core.h"

namespace loop {
namespace {

Coroutine<Socket> connect_to(Address address, ConnectionOptions options) {
  Socket socket(address.family(), SOCK_STREAM);
  if (options.local_addr) socket.bind(*options.local_addr);
  co_await sock_connect(socket, address);
  co_return socket;
}

}  // namespace

Coroutine<Stream> open_connection(Address address, ConnectionOptions options) {
  StreamCore::check_limit(options.limit);
  Socket socket = co_await connect_to(address, options);
  co_return make_stream(std::move(socket), options.limit);
}

Coroutine<Stream> open_connection(std::string host, std::uint16_t port,
                                  ConnectionOptions options) {
  StreamCore::check_limit(options.limit);
  const AddressHints hints = {.family = options.family, .type = SOCK_STREAM};
  const auto answers = co_await getaddrinfo(host, port, hints);
  std::vector<Address> addresses;
  addresses.reserve(answers.size());
  for (const AddressInfo& answer : answers) {
    addresses.push_back(answer.address);
  }
  addresses = interleave(std::move(addresses), options.interleave);
  Connect connect = [options](Address address) {
    return connect_to(address, options);
  };
  Socket socket = co_await connect_to_any(
      std::move(addresses), options.happy_eyeballs_delay, std::move(connect));
  co_return make_stream(std::move(socket), options.limit);
}

Coroutine<Stream> open_unix_connection(const std::string& path,
                                       ConnectionOptions options) {
  return open_connection(Address::unix_path(path), options);
}

}  // namespace loop

#include "loop/streams/datagram_endpoint.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/sockets/kernel.h"
#include "loop/streams/socket_file.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::ValueError;

// The address family of the two addresses.
int family_of(const DatagramOptions& options) {
  const auto& local = options.local_addr;
  const auto& remote = options.remote_addr;
  if (!local && !remote) throw ValueError("unexpected address family");
  if (local && remote && local->family() != remote->family()) {
    throw ValueError("the families of local_addr and remote_addr differ");
  }
  return local ? local->family() : remote->family();
}

void connect(Socket& socket, const Address& address) {
  if (kernel::connect(socket.fileno(), address.data(),
                      static_cast<socklen_t>(address.size())) == 0) {
    return;
  }
  throw selectors::make_os_error(errno, "connect to " + address.repr());
}

}  // namespace

DatagramEndpoint::DatagramEndpoint(Socket socket,
                                   std::optional<Address> remote_addr)
    : core_(new DatagramCore(get_running_loop(), std::move(socket),
                             remote_addr)) {}

DatagramEndpoint& DatagramEndpoint::operator=(
    DatagramEndpoint&& other) noexcept {
  DatagramEndpoint old(std::move(other));
  std::swap(core_, old.core_);
  return *this;
}

DatagramEndpoint::~DatagramEndpoint() {
  if (core_.get() != nullptr) core_->close();
}

DatagramEndpoint create_datagram_endpoint(const DatagramOptions& options) {
  const int family = family_of(options);
  Socket socket(family, SOCK_DGRAM);
  if (options.reuse_port && family != AF_UNIX) {
    socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (options.allow_broadcast) socket.setsockopt(SOL_SOCKET, SO_BROADCAST, 1);
  if (options.local_addr) {
    remove_old_socket(*options.local_addr);
    socket.bind(*options.local_addr);
  }
  if (options.remote_addr && !options.allow_broadcast) {
    connect(socket, *options.remote_addr);
  }
  return DatagramEndpoint(std::move(socket), options.remote_addr);
}

}  // namespace loop

#include "loop/streams/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/descriptor.h"
#include "loop/sockets/kernel.h"
#include "loop/streams/stream_core.h"

namespace loop {
namespace {

// Makes TCP send small data at once. No effect on sockets that are not of TCP.
// Port of _set_nodelay() of Lib/asyncio/base_events.py.
void set_nodelay(const Socket& socket) {
  const int fd = socket.fileno();
  const int on = 1;
  const int result =
      kernel::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (result == 0 || errno == EOPNOTSUPP || errno == ENOPROTOOPT) return;
  throw_call_error("setsockopt", fd);
}

}  // namespace

Stream make_stream(EventLoop& event_loop, Socket socket, std::size_t limit) {
  StreamCore::check_limit(limit);
  set_nodelay(socket);
  auto* const core = new StreamCore(event_loop, Descriptor(socket.detach()),
                                    StreamKind::kSocket, limit);
  return {StreamReader(*core), StreamWriter(*core)};
}

Stream make_stream(Socket socket, std::size_t limit) {
  return make_stream(get_running_loop(), std::move(socket), limit);
}

}  // namespace loop

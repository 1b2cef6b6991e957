#include "loop/streams/stream.h"

#include <cstddef>
#include <utility>

#include "loop/sockets/descriptor.h"
#include "loop/streams/stream_core.h"

namespace loop {

Stream make_stream(EventLoop& event_loop, Socket socket, std::size_t limit) {
  StreamCore::check_limit(limit);
  auto* const core = new StreamCore(event_loop, Descriptor(socket.detach()),
                                    StreamKind::kSocket, limit);
  return {StreamReader(*core), StreamWriter(*core)};
}

Stream make_stream(Socket socket, std::size_t limit) {
  return make_stream(get_running_loop(), std::move(socket), limit);
}

}  // namespace loop

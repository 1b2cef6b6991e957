#include "loop/streams/stream_writer.h"

#include <cerrno>
#include <cstddef>
#include <optional>

#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/kernel.h"
#include "loop/streams/water_marks.h"
#include "selectors/errors.h"

namespace loop {

void StreamWriter::set_write_buffer_limits(
    std::optional<std::size_t> high, std::optional<std::size_t> low) const {
  core_->set_limits(water_marks(high, low));
}

Address StreamWriter::getpeername() const {
  return ask_address("getpeername", fileno(), kernel::getpeername);
}

Address StreamWriter::getsockname() const {
  return ask_address("getsockname", fileno(), kernel::getsockname);
}

void StreamWriter::DrainAwaiter::throw_lost() const {
  core_.check_error();
  throw selectors::make_os_error(ECONNRESET, "Connection lost");
}

}  // namespace loop

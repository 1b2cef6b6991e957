#include <cerrno>
#include <system_error>

#include "loop/callbacks/eventfd_kernel.h"
#include "loop/callbacks/wake_channel.h"
#include "selectors/errors.h"

namespace loop {
namespace {

WakeChannel open_eventfd() {
  const int fd = kernel::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw selectors::make_os_error(errno, "eventfd");
  return {fd, fd};
}

}  // namespace

// A kernel or a sandbox without it gets along with a pipe.
WakeChannel WakeChannel::open() {
  try {
    return open_eventfd();
  } catch (const selectors::OSError& error) {
    const auto code = error.code();
    if (code != std::errc::function_not_supported &&
        code != std::errc::operation_not_permitted) {
      throw;
    }
    return open_pipe();
  }
}

}  // namespace loop

#include <sys/eventfd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "loop/callbacks/kernel.h"
#include "loop/callbacks/wake_channel.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "selectors/kernel/describe.h"

namespace loop {
namespace {

constexpr selectors::FlagName kFlags[] = {{EFD_CLOEXEC, "CLOEXEC"},
                                          {EFD_NONBLOCK, "NONBLOCK"}};

void describe_eventfd(std::string& text, const selectors::kernel::Call& call) {
  selectors::append(text, call.args[0], ", ");
  selectors::append_flags(text, static_cast<unsigned long>(call.args[1]),
                          kFlags);
}

constinit const kernel::Syscall kEventfd = {"eventfd", describe_eventfd};

// Opens an eventfd(2), a number behind a descriptor. A write adds to the
// number; the descriptor is readable while the number is not 0.
WakeChannel open_eventfd() {
  const int fd =
      kernel::call(kEventfd, ::eventfd, 0u, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw selectors::make_os_error(errno, "eventfd");
  return {fd, fd};
}

}  // namespace

// Falls back to a pipe if the kernel or a sandbox does not allow eventfd(2).
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

#include "loop/callbacks/eventfd_kernel.h"

#include <string>

#include "selectors/describe.h"

namespace loop::kernel {
namespace {

constexpr selectors::FlagName kFlags[] = {{EFD_CLOEXEC, "CLOEXEC"},
                                          {EFD_NONBLOCK, "NONBLOCK"}};

void describe_eventfd(std::string& text, const selectors::kernel::Call& call) {
  selectors::append(text, call.args[0], ", ");
  selectors::append_flags(text, static_cast<unsigned long>(call.args[1]),
                          kFlags);
}

}  // namespace

constinit const Syscall kEventfd = {"eventfd", describe_eventfd};

}  // namespace loop::kernel

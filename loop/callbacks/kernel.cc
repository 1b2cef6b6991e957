#include "loop/callbacks/kernel.h"

#include <string>

#include "selectors/kernel/describe.h"

namespace loop::kernel {
namespace {

using selectors::append;
using selectors::kernel::Call;

// Appends, for example, "4, 8 bytes".
void describe_transfer(std::string& text, const Call& call) {
  append(text, call.args[0], ", ", call.args[2], " bytes");
}

void describe_pipe(std::string& text, const Call& call) {
  const auto* const fds = reinterpret_cast<const int*>(call.args[0]);
  text += "[";
  if (call.result == 0) append(text, fds[0], ", ", fds[1]);
  text += "]";
}

void describe_sigaction(std::string& text, const Call& call) {
  const auto* const action =
      reinterpret_cast<const struct sigaction*>(call.args[1]);
  append(text, call.args[0],
         action == nullptr               ? ", ask"
         : action->sa_handler == SIG_DFL ? ", default"
         : action->sa_handler == SIG_IGN ? ", ignore"
                                         : ", handler");
}

}  // namespace

constinit const Syscall kRead = {"read", describe_transfer};
constinit const Syscall kWrite = {"write", describe_transfer};
constinit const Syscall kPipe = {"pipe", describe_pipe};
constinit const Syscall kSigaction = {"sigaction", describe_sigaction};

}  // namespace loop::kernel

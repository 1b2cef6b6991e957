#include "loop/streams/kernel.h"

#include <string>

#include "selectors/kernel/describe.h"

namespace loop::kernel {
namespace {

using selectors::append;
using selectors::kernel::Call;

void describe_path(std::string& text, const Call& call) {
  append(text, reinterpret_cast<const char*>(call.args[0]));
}

}  // namespace

constinit const Syscall kOpen = {"open", describe_path};
constinit const Syscall kStat = {"stat", describe_path};
constinit const Syscall kUnlink = {"unlink", describe_path};

}  // namespace loop::kernel

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

void describe_limit(std::string& text, const Call& call) {
  append(text, "NOFILE, ",
         reinterpret_cast<const rlimit*>(call.args[0])->rlim_cur);
}

}  // namespace

constinit const Syscall kOpen = {"open", describe_path};
constinit const Syscall kStat = {"stat", describe_path};
constinit const Syscall kUnlink = {"unlink", describe_path};
constinit const Syscall kGetrlimit = {"getrlimit", describe_limit};

}  // namespace loop::kernel

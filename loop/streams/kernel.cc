#include "loop/streams/kernel.h"

#include <string>

#include "selectors/kernel/describe.h"

namespace loop::kernel {
namespace {

using selectors::append;
using selectors::kernel::Call;

void describe_open(std::string& text, const Call& call) {
  append(text, reinterpret_cast<const char*>(call.args[0]));
}

void describe_fstat(std::string& text, const Call& call) {
  append(text, call.args[0]);
}

}  // namespace

constinit const Syscall kOpen = {"open", describe_open};
constinit const Syscall kFstat = {"fstat", describe_fstat};

}  // namespace loop::kernel

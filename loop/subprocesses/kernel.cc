#include "loop/subprocesses/kernel.h"

#include <cerrno>
#include <string>

#include "selectors/kernel/describe.h"

namespace loop::kernel {
namespace {

using selectors::append;
using selectors::kernel::Call;

// "sh, -c, exit 3"
void describe_spawn(std::string& text, const Call& call) {
  const auto& plan = *reinterpret_cast<const SpawnPlan*>(call.args[0]);
  text += plan.program;
  for (char* const* argument = plan.arguments + 1; *argument; ++argument) {
    append(text, ", ", *argument);
  }
}

// "process 4711" or "pidfd 5"
void describe_waitid(std::string& text, const Call& call) {
  append(text, call.args[0] == P_PID ? "process " : "pidfd ", call.args[1]);
}

// "process 4711, signal 15"
void describe_kill(std::string& text, const Call& call) {
  append(text, "process ", call.args[0], ", signal ", call.args[1]);
}

// "[4, 5]"
void describe_pipe2(std::string& text, const Call& call) {
  const auto* const fds = reinterpret_cast<const int*>(call.args[0]);
  text += "[";
  if (call.result == 0) append(text, fds[0], ", ", fds[1]);
  text += "]";
}

pid_t spawn_or_set_errno(const SpawnPlan* plan) {
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, plan->program, plan->actions, plan->attributes,
                     plan->arguments, plan->environment);
  if (error == 0) return pid;
  errno = error;
  return -1;
}

}  // namespace

constinit const Syscall kSpawn = {"posix_spawn", describe_spawn};
constinit const Syscall kWaitid = {"waitid", describe_waitid};
constinit const Syscall kKill = {"kill", describe_kill};
constinit const Syscall kPipe2 = {"pipe2", describe_pipe2};

pid_t spawn(const SpawnPlan& plan) {
  return call(kSpawn, spawn_or_set_errno, &plan);
}

int pipe2(int* fds) { return call(kPipe2, pipe_close_on_exec, fds); }

}  // namespace loop::kernel

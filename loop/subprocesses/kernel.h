// The system calls of subprocesses: thin wrappers that can be traced. See
// selectors/kernel/call.h.

#ifndef LOOP_SUBPROCESSES_KERNEL_H_
#define LOOP_SUBPROCESSES_KERNEL_H_

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "selectors/kernel/call.h"
#include "selectors/kernel/posix.h"

namespace loop::kernel {

using selectors::kernel::call;
using selectors::kernel::close;
using selectors::kernel::fcntl;
using selectors::kernel::Syscall;

/// The descriptions of the system calls for traces.
extern const Syscall kSpawn, kWaitid, kKill, kPipe2;

/// The properties of a new process.
struct SpawnPlan {
  /// The program: a path, or a name that is looked up in PATH.
  const char* program;
  /// The arguments, which end with nullptr. The first is the program's name.
  char* const* arguments;
  /// The environment, which ends with nullptr.
  char* const* environment;
  /// The changes that the new process makes to its descriptors.
  const posix_spawn_file_actions_t* actions;
  /// The session and the signals of the new process.
  const posix_spawnattr_t* attributes;
};

/// posix_spawnp(3): starts a program in a new process, and returns its number;
/// -1 and errno if the program cannot be started.
pid_t spawn(const SpawnPlan& plan);

/// waitid(2): takes the exit status of a child process.
inline int waitid(idtype_t type, id_t id, siginfo_t* info, int options) {
  constexpr auto make = [](int of, id_t number, siginfo_t* to, int flags) {
    return ::waitid(static_cast<idtype_t>(of), number, to, flags);
  };
  return call(kWaitid, make, static_cast<int>(type), id, info, options);
}

/// kill(2): sends a signal to a process.
inline int kill(pid_t pid, int signal_number) {
  return call(kKill, ::kill, pid, signal_number);
}

/// pipe2(2): makes a pipe whose ends are close-on-exec. fds[0] is the end for
/// reading, fds[1] the end for writing. pipe(2) and fcntl(2) where the C
/// library has no pipe2().
int pipe2(int* fds);
// The call that pipe2() makes, without the trace: see pipe_linux.cc.
int pipe_close_on_exec(int* fds);

}  // namespace loop::kernel

#endif  // LOOP_SUBPROCESSES_KERNEL_H_

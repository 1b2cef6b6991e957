#include "loop/subprocesses/process.h"

#include <signal.h>

#include <string>
#include <vector>

#include "loop/callbacks/running_loop.h"
#include "loop/subprocesses/child_stdio.h"
#include "loop/subprocesses/spawn.h"

namespace loop {

void Process::terminate() const { send_signal(SIGTERM); }
void Process::kill() const { send_signal(SIGKILL); }

Process create_subprocess_exec(const std::string& program,
                               const std::vector<std::string>& args,
                               const SubprocessOptions& options) {
  EventLoop& event_loop = get_running_loop();
  const ChildStdio stdio(options);
  // First, so that nothing can throw between the two steps that follow.
  const Reference core(new ProcessCore(event_loop));
  core->start(spawn(program, args, options, stdio));
  return Process(core);
}

Process create_subprocess_shell(const std::string& command,
                                const SubprocessOptions& options) {
  return create_subprocess_exec("/bin/sh", {"-c", command}, options);
}

}  // namespace loop

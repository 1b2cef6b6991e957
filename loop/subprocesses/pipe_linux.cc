// A pipe that is close-on-exec from its first moment: pipe2(2).

#include <fcntl.h>
#include <unistd.h>

#include "loop/subprocesses/kernel.h"

namespace loop::kernel {

int pipe_close_on_exec(int* fds) { return ::pipe2(fds, O_CLOEXEC); }

}  // namespace loop::kernel

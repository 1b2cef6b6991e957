// Where there is no pipe2(2): a program that another thread starts between the
// two steps inherits the pipe.

#include <unistd.h>

#include "loop/subprocesses/kernel.h"
#include "selectors/kernel/posix.h"

namespace loop::kernel {

int pipe_close_on_exec(int* fds) {
  const int result = ::pipe(fds);
  if (result != 0) return result;
  selectors::kernel::close_on_exec(fds[0]);
  selectors::kernel::close_on_exec(fds[1]);
  return 0;
}

}  // namespace loop::kernel

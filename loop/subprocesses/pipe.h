// `make_pipe()`: a pipe whose ends close themselves.

#ifndef LOOP_SUBPROCESSES_PIPE_H_
#define LOOP_SUBPROCESSES_PIPE_H_

#include <cerrno>

#include "loop/sockets/descriptor.h"
#include "loop/subprocesses/kernel.h"
#include "selectors/errors.h"

namespace loop {

// The two ends of a pipe, both close-on-exec.
struct PipeEnds {
  Descriptor reader;
  Descriptor writer;
};

// Makes a pipe. Throws OSError if no descriptor is left.
inline PipeEnds make_pipe() {
  int fds[2];
  if (kernel::pipe2(fds) != 0) throw selectors::make_os_error(errno, "pipe2");
  return {Descriptor(fds[0]), Descriptor(fds[1])};
}

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_PIPE_H_

#include "loop/subprocesses/child_stdio.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "loop/subprocesses/kernel.h"
#include "loop/subprocesses/pipe.h"
#include "selectors/errors.h"

namespace loop {

ChildStdio::ChildStdio(const SubprocessOptions& options) {
  prepare(STDIN_FILENO, options.stdin_);
  prepare(STDOUT_FILENO, options.stdout_);
  prepare(STDERR_FILENO, options.stderr_);
}

void ChildStdio::prepare(int stream, std::optional<int> option) {
  if (option == PIPE) return open_pipe(stream);
  if (option >= 0) return use(stream, *option);
  if (option && option != DEVNULL &&
      (option != STDOUT || stream != STDERR_FILENO)) {
    throw selectors::ValueError("a standard stream cannot be " +
                                std::to_string(*option));
  }
  sources_[at(stream)] = option;
}

void ChildStdio::open_pipe(int stream) {
  auto [reader, writer] = make_pipe();
  const bool is_input = stream == STDIN_FILENO;
  Descriptor& here = pipe_ends_[at(stream)];
  here = std::move(is_input ? writer : reader);
  kernel::fcntl(here.fileno(), F_SETFL, O_NONBLOCK);
  owned_[at(stream)] = std::move(is_input ? reader : writer);
  use(stream, owned_[at(stream)].fileno());
}

// Duplicates a number below 3.
void ChildStdio::use(int stream, int fd) {
  sources_[at(stream)] = fd;
  if (fd > STDERR_FILENO) return;
  const int copy = kernel::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copy < 0) {
    throw selectors::make_os_error(errno, "duplicate fd " + std::to_string(fd));
  }
  owned_[at(stream)] = Descriptor(copy);
  sources_[at(stream)] = copy;
}

}  // namespace loop

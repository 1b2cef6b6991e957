#include "loop/subprocesses/process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "loop/callbacks/running_loop.h"
#include "loop/sockets/descriptor.h"
#include "loop/streams/stream_core.h"
#include "loop/subprocesses/child_stdio.h"
#include "loop/subprocesses/spawn.h"
#include "loop/tasks/gather.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::OSError;
using selectors::ValueError;

// Makes the stream of a pipe; nullopt if there is no pipe. A writer has no
// limit: see StreamCore.
template <class Stream>
std::optional<Stream> stream_of(EventLoop& event_loop, Descriptor& pipe_end,
                                std::size_t limit) {
  if (pipe_end.fileno() == -1) return std::nullopt;
  return Stream(*new StreamCore(event_loop, std::move(pipe_end),
                                StreamKind::kPipe, limit));
}

bool is_broken_pipe(const OSError& error) {
  return error.code().value() == EPIPE || error.code().value() == ECONNRESET;
}

// Writes to the standard input of a process, and closes it.
Coroutine<> feed(std::optional<StreamWriter> writer, std::string input) {
  if (!writer) co_return;
  writer->write(input);
  try {
    co_await writer->drain();
  } catch (const OSError& error) {
    if (!is_broken_pipe(error)) throw;
  }
  writer->close();
}

// Reads an output of a process to its end, and closes the pipe.
Coroutine<std::string> read_to_end(std::optional<StreamReader> reader) {
  if (!reader) co_return "";
  std::string data = co_await reader->read();
  reader->core().close();
  co_return data;
}

// Keeps a handle of the process, as the coroutine may outlive the caller's.
Coroutine<ProcessOutput> communicate_with(Process process, std::string input) {
  auto all = gather(feed(process.stdin_, std::move(input)),
                    read_to_end(process.stdout_), read_to_end(process.stderr_));
  auto outputs = co_await all;
  co_await process.wait();
  co_return ProcessOutput(std::move(std::get<1>(outputs)),
                          std::move(std::get<2>(outputs)));
}

}  // namespace

Coroutine<ProcessOutput> Process::communicate(std::string input) const {
  if (!stdin_ && !input.empty()) {
    throw ValueError("communicate() with an input needs stdin_ = PIPE");
  }
  return communicate_with(*this, std::move(input));
}

void Process::terminate() const { send_signal(SIGTERM); }
void Process::kill() const { send_signal(SIGKILL); }

Process create_subprocess_exec(const std::string& program,
                               const std::vector<std::string>& args,
                               const SubprocessOptions& options) {
  EventLoop& event_loop = get_running_loop();
  StreamCore::check_limit(options.limit);
  ChildStdio stdio(options);
  const auto make = [&]<class Stream>(std::optional<Stream>& stream, int fd,
                                      std::size_t limit) {
    stream = stream_of<Stream>(event_loop, stdio.pipe_end(fd), limit);
  };
  // First, so that nothing can throw once the process runs.
  Process process{Reference(new ProcessCore(event_loop))};
  make(process.stdin_, STDIN_FILENO, 0);
  make(process.stdout_, STDOUT_FILENO, options.limit);
  make(process.stderr_, STDERR_FILENO, options.limit);
  process.core_->start(spawn(program, args, options, stdio));
  return process;
}

Process create_subprocess_shell(const std::string& command,
                                const SubprocessOptions& options) {
  return create_subprocess_exec("/bin/sh", {"-c", command}, options);
}

}  // namespace loop

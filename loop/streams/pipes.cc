#include "loop/streams/pipes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

#include "loop/sockets/call_on_socket.h"
#include "loop/streams/kernel.h"
#include "loop/streams/stream_core.h"
#include "selectors/kernel/posix.h"

namespace loop {
namespace {

using selectors::kernel::fcntl;

StreamKind kind_of(int fd) {
  struct stat status;
  check_call(kernel::fstat(fd, &status), "fstat", fd);
  return S_ISSOCK(status.st_mode)  ? StreamKind::kSocket
         : S_ISREG(status.st_mode) ? StreamKind::kFile
                                   : StreamKind::kPipe;
}

StreamCore& connect(EventLoop& event_loop, Descriptor pipe, std::size_t limit) {
  const int fd = pipe.fileno();
  const StreamKind kind = kind_of(fd);
  const int flags = check_call(fcntl(fd, F_GETFL), "fcntl", fd);
  check_call(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl", fd);
  return *new StreamCore(event_loop, std::move(pipe), kind, limit);
}

// A new descriptor of the file of `fd`. A pipe or terminal gets another open
// file, which is non-blocking, if possible. A file must not, because its
// position belongs to the open file; and neither a file nor a socket, which is
// used with MSG_DONTWAIT, blocks.
std::pair<Descriptor, StreamKind> share(int fd, int access) {
  const StreamKind kind = kind_of(fd);
  const bool is_pipe = kind == StreamKind::kPipe;
  if (is_pipe) {
    const std::string path = "/dev/fd/" + std::to_string(fd);
    const int opened =
        kernel::open(path.c_str(), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (opened >= 0) return {Descriptor(opened), kind};
  }
  Descriptor shared(check_call(fcntl(fd, F_DUPFD_CLOEXEC, 3), "fcntl", fd));
  return {std::move(shared), is_pipe ? StreamKind::kBlockingPipe : kind};
}

StreamCore& open_standard(int fd, int access, std::size_t limit) {
  auto shared = share(fd, access);
  return *new StreamCore(get_running_loop(), std::move(shared.first),
                         shared.second, limit);
}

}  // namespace

StreamReader connect_read_pipe(EventLoop& event_loop, Descriptor pipe,
                               std::size_t limit) {
  StreamCore::check_limit(limit);
  return StreamReader(connect(event_loop, std::move(pipe), limit));
}

StreamWriter connect_write_pipe(EventLoop& event_loop, Descriptor pipe) {
  return StreamWriter(
      connect(event_loop, std::move(pipe), StreamCore::kOnlyWritten));
}

StreamReader standard_input(std::size_t limit) {
  StreamCore::check_limit(limit);
  return StreamReader(open_standard(STDIN_FILENO, O_RDONLY, limit));
}

StreamWriter standard_output() {
  return StreamWriter(
      open_standard(STDOUT_FILENO, O_WRONLY, StreamCore::kOnlyWritten));
}

StreamWriter standard_error() {
  return StreamWriter(
      open_standard(STDERR_FILENO, O_WRONLY, StreamCore::kOnlyWritten));
}

}  // namespace loop

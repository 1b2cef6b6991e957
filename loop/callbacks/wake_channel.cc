#include "loop/callbacks/wake_channel.h"

#include <fcntl.h>

#include <cerrno>

#include "loop/callbacks/kernel.h"
#include "selectors/errors.h"
#include "selectors/kernel/posix.h"

namespace loop {

void WakeChannel::close() {
  if (writer != reader) kernel::close(writer);
  if (reader >= 0) kernel::close(reader);
  *this = {};
}

// Reads until a read does not fill the buffer. A full pipe takes many reads. An
// eventfd takes one, which returns eight bytes; a second would fail with
// EAGAIN.
void WakeChannel::drain() const {
  char bytes[4096];
  while (kernel::read(reader, bytes, sizeof(bytes)) == sizeof(bytes)) {
  }
}

WakeChannel open_pipe() {
  int fds[2];
  if (kernel::pipe(fds) != 0) throw selectors::make_os_error(errno, "pipe");
  for (const int fd : fds) {
    selectors::kernel::close_on_exec(fd);
    selectors::kernel::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  return {fds[0], fds[1]};
}

}  // namespace loop

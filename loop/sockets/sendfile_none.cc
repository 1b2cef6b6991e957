#include <cerrno>

#include "loop/sockets/kernel.h"

namespace loop::kernel {

// The sendfile() of the BSDs and of macOS has other arguments; each caller can
// do without.
ssize_t sendfile(int fd, int file, off_t* offset, std::size_t size) {
  constexpr auto refuse = [](int, int, off_t*, std::size_t) -> ssize_t {
    errno = ENOSYS;
    return -1;
  };
  return call(kSendfile, refuse, fd, file, offset, size);
}

}  // namespace loop::kernel

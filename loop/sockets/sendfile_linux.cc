#include <sys/sendfile.h>

#include "loop/sockets/kernel.h"

namespace loop::kernel {

ssize_t sendfile(int fd, int file, off_t* offset, std::size_t size) {
  return call(kSendfile, ::sendfile, fd, file, offset, size);
}

}  // namespace loop::kernel

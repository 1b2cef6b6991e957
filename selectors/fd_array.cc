#include "selectors/fd_array.h"

#include <cerrno>
#include <string>

#include "selectors/errors.h"
#include "selectors/kernel/posix.h"

namespace selectors {

void check_may_be_open(int fd) {
  if (kernel::may_be_open(fd)) return;
  throw make_os_error(EBADF, "fd " + std::to_string(fd));
}

}  // namespace selectors

#include "selectors/refusal.h"

#include <cerrno>

#include "selectors/kernel/posix.h"

namespace selectors {
namespace {

#ifdef O_PATH
constexpr int kPathOnly = O_PATH;
#else
constexpr int kPathOnly = 0;
#endif

}  // namespace

std::optional<OSError> unwatchable(const SelectorKey& key) {
  const int flags = kernel::fcntl(key.fd, F_GETFL);
  if (flags != -1 && (flags & kPathOnly) == 0) return std::nullopt;
  return make_os_error(EBADF,
                       "register_ " + key.fileobj.repr() + why_bad(key.fd));
}

std::string why_bad(int fd) {
  const int flags = kernel::fcntl(fd, F_GETFL);
  if (flags == -1) return " (it is not open)";
  if ((flags & kPathOnly) == 0) return "";
  return " (it was opened with O_PATH or open_tree(), which cannot be read)";
}

}  // namespace selectors

#include "loop/streams/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "loop/streams/kernel.h"

namespace loop {

bool has_file(const Address& address) {
  if (address.family() != AF_UNIX) return false;
  const std::string path = address.path();
  return !path.empty() && path.front() != '@';
}

void remove_old_socket(const Address& address) {
  if (!has_file(address)) return;
  const std::string path = address.path();
  struct stat status;
  if (kernel::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) {
    kernel::unlink(path.c_str());
  }
}

SocketFile::SocketFile(std::string path)
    : path_(std::move(path)), identity_(find()) {}

SocketFile::Identity SocketFile::find() const {
  struct stat status;
  if (kernel::stat(path_.c_str(), &status) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

void SocketFile::remove() const {
  if (identity_ && find() == identity_) kernel::unlink(path_.c_str());
}

}  // namespace loop

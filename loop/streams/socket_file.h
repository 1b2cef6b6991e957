// `SocketFile`, `remove_old_socket()`: the file of a Unix socket.

#ifndef LOOP_STREAMS_SOCKET_FILE_H_
#define LOOP_STREAMS_SOCKET_FILE_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "loop/sockets/address.h"

namespace loop {

// Returns whether an address is that of a Unix socket with a file.
bool has_file(const Address& address);

// Removes the file at the path of `address`, if it is a socket, such as an
// earlier program has left. No effect on other files, and for an address that
// has no file.
void remove_old_socket(const Address& address);

// The file of a Unix socket.
class SocketFile {
 public:
  // Remembers the file that is at `path` now.
  explicit SocketFile(std::string path);
  // Removes the file, unless its path names another one, or none.
  void remove() const;

 private:
  using Identity = std::optional<std::pair<dev_t, ino_t>>;

  Identity find() const;

  std::string path_;
  Identity identity_;
};

}  // namespace loop

#endif  // LOOP_STREAMS_SOCKET_FILE_H_

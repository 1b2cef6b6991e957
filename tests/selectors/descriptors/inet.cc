#include "tests/selectors/descriptors/inet.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>

namespace descriptors {

File inet_socket(int type, int protocol) {
  return File(
      have(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol),
           "socket(AF_INET)"));
}

File inet_bound(int type, int protocol) {
  File socket = inet_socket(type, protocol);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  have(::bind(socket.fileno(), reinterpret_cast<sockaddr*>(&name), sizeof name),
       "bind to 127.0.0.1");
  return socket;
}

File inet_listener(int backlog, int protocol) {
  File socket = inet_bound(SOCK_STREAM, protocol);
  have(::listen(socket.fileno(), backlog), "listen");
  return socket;
}

sockaddr_in inet_name(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  have(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size),
       "getsockname");
  return name;
}

void inet_connect(int fd, const sockaddr_in& name) {
  const int result =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  if (result < 0 && errno != EINPROGRESS) have(result, "connect");
}

}  // namespace descriptors

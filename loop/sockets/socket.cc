#include "loop/sockets/socket.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "loop/sockets/address_buffer.h"
#include "loop/sockets/call_on_socket.h"
#include "loop/sockets/kernel.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// Throws the OSError of a call that has returned -1.
int check(int result, const std::string& what) {
  if (result != -1) return result;
  throw selectors::make_os_error(errno, what);
}

// Makes a descriptor non-blocking and close-on-exec.
void prepare(int fd) {
  const int flags = check_call(kernel::fcntl(fd, F_GETFL), "fcntl", fd);
  if ((flags & O_NONBLOCK) == 0) {
    check_call(kernel::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl", fd);
  }
  selectors::kernel::close_on_exec(fd);
}

void prepare_new(int fd) {
  if constexpr (kernel::kSocketFlags == 0) prepare(fd);
  kernel::no_sigpipe(fd);
}

// Accepts the next client that is still there.
int accept_next(int fd, AddressBuffer& peer) {
  int client = -1;
  do {
    client = kernel::accept4(fd, peer.data(), peer.size());
  } while (client == -1 && errno == ECONNABORTED);
  return client;
}

std::string family_repr(int family) {
  switch (family) {
    case AF_UNIX:
      return "AF_UNIX";
    case AF_INET:
      return "AF_INET";
    case AF_INET6:
      return "AF_INET6";
  }
  return std::to_string(family);
}

std::string type_repr(int type) {
  switch (type) {
    case SOCK_STREAM:
      return "SOCK_STREAM";
    case SOCK_DGRAM:
      return "SOCK_DGRAM";
    case SOCK_SEQPACKET:
      return "SOCK_SEQPACKET";
  }
  return std::to_string(type);
}

// Returns `name` and the result of `ask`; "" if the kernel refuses.
template <class Ask>
std::string part_repr(const char* name, Ask ask) {
  try {
    return std::string(" ") + name + "=" + ask();
  } catch (const selectors::OSError&) {
    return "";
  }
}

}  // namespace

Socket::Socket(int family, int type, int protocol)
    : Socket(check(kernel::socket(family, type, protocol), "socket")) {
  prepare_new(fileno());
}

Socket Socket::from_fd(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  check(kernel::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size),
        "fd " + std::to_string(fd) + " is no open socket");
  prepare(fd);
  kernel::no_sigpipe(fd);
  return Socket(fd);
}

int Socket::type() const { return getsockopt(SOL_SOCKET, SO_TYPE); }

void Socket::bind(const Address& address) {
  check(kernel::bind(fileno(), address.data(),
                     static_cast<socklen_t>(address.size())),
        "bind to " + address.repr());
}

void Socket::listen(int backlog) {
  check_call(kernel::listen(fileno(), backlog), "listen", fileno());
}

std::optional<std::pair<Socket, Address>> Socket::try_accept() {
  AddressBuffer peer;
  const auto fd = call_on_socket("accept", fileno(),
                                 [&] { return accept_next(fileno(), peer); });
  if (!fd) return std::nullopt;
  Socket client(static_cast<int>(*fd));
  prepare_new(client.fileno());
  return std::pair(std::move(client), peer.address());
}

Address Socket::getsockname() const {
  return ask_address("getsockname", fileno(), kernel::getsockname);
}

Address Socket::getpeername() const {
  return ask_address("getpeername", fileno(), kernel::getpeername);
}

int Socket::getsockopt(int level, int name) const {
  int value = 0;
  getsockopt(level, name, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::size_t Socket::getsockopt(int level, int name,
                               std::span<std::byte> value) const {
  auto size = static_cast<socklen_t>(value.size());
  check_call(kernel::getsockopt(fileno(), level, name, value.data(), &size),
             "getsockopt", fileno());
  return size;
}

void Socket::setsockopt(int level, int name, int value) {
  setsockopt(level, name, std::as_bytes(std::span(&value, 1)));
}

void Socket::setsockopt(int level, int name, std::span<const std::byte> value) {
  check_call(kernel::setsockopt(fileno(), level, name, value.data(),
                                static_cast<socklen_t>(value.size())),
             "setsockopt", fileno());
}

void Socket::shutdown(int how) {
  check_call(kernel::shutdown(fileno(), how), "shutdown", fileno());
}

std::string Socket::repr() const {
  if (!*this) return "<socket closed>";
  return "<socket fd=" + std::to_string(fileno()) +
         part_repr("family", [&] { return family_repr(family()); }) +
         part_repr("type", [&] { return type_repr(type()); }) +
         part_repr("laddr", [&] { return getsockname().repr(); }) +
         part_repr("raddr", [&] { return getpeername().repr(); }) + ">";
}

std::pair<Socket, Socket> socketpair() {
  return socketpair(AF_UNIX, SOCK_STREAM);
}

std::pair<Socket, Socket> socketpair(int family, int type, int protocol) {
  std::array<int, 2> fds;
  check(kernel::socketpair(family, type, protocol, fds.data()), "socketpair");
  std::pair<Socket, Socket> sockets{Socket(fds[0]), Socket(fds[1])};
  prepare_new(fds[0]);
  prepare_new(fds[1]);
  return sockets;
}

}  // namespace loop

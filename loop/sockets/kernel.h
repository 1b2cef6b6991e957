// The system calls of sockets: thin wrappers that can be traced. See
// selectors/kernel/call.h.

#ifndef LOOP_SOCKETS_KERNEL_H_
#define LOOP_SOCKETS_KERNEL_H_

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>

#include "selectors/kernel/call.h"
#include "selectors/kernel/posix.h"

namespace loop::kernel {

using selectors::kernel::call;
using selectors::kernel::close;
using selectors::kernel::fcntl;
using selectors::kernel::Syscall;

/// The descriptions of the system calls for traces.
extern const Syscall kSocket, kSocketpair, kBind, kListen, kAccept, kConnect,
    kGetsockname, kGetpeername, kGetsockopt, kSetsockopt, kShutdown, kRecv,
    kSend, kRecvfrom, kSendto, kSendfile, kPread, kLseek, kFstat, kGetaddrinfo,
    kGetnameinfo;

/// The flags that make a new socket non-blocking and close-on-exec in one step
/// with its creation, so that no program that another thread starts inherits
/// the socket. 0 on systems without such flags, such as macOS.
#ifdef SOCK_NONBLOCK
inline constexpr int kSocketFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
#else
inline constexpr int kSocketFlags = 0;
#endif

/// The flag of each send, by which a lost peer gives EPIPE and not a signal. 0
/// on systems without such a flag: see no_sigpipe().
#ifdef MSG_NOSIGNAL
inline constexpr int kSendFlags = MSG_NOSIGNAL;
#else
inline constexpr int kSendFlags = 0;
#endif

/// socket(2): makes a socket without an address.
inline int socket(int family, int type, int protocol) {
  return call(kSocket, ::socket, family, type | kSocketFlags, protocol);
}

/// socketpair(2): makes two sockets that are connected to each other.
inline int socketpair(int family, int type, int protocol, int* fds) {
  return call(kSocketpair, ::socketpair, family, type | kSocketFlags, protocol,
              fds);
}

/// bind(2): gives a socket its own address.
inline int bind(int fd, const sockaddr* address, socklen_t size) {
  return call(kBind, ::bind, fd, address, size);
}

/// listen(2): makes a socket accept connections.
inline int listen(int fd, int backlog) {
  return call(kListen, ::listen, fd, backlog);
}

/// accept4(2): takes the next connection, with kSocketFlags; accept(2) where
/// the C library has no accept4().
int accept4(int fd, sockaddr* peer, socklen_t* size);

/// connect(2): begins a connection, or names the peer of a datagram socket.
inline int connect(int fd, const sockaddr* address, socklen_t size) {
  return call(kConnect, ::connect, fd, address, size);
}

/// getsockname(2): the address of the socket itself.
inline int getsockname(int fd, sockaddr* address, socklen_t* size) {
  return call(kGetsockname, ::getsockname, fd, address, size);
}

/// getpeername(2): the address of the peer.
inline int getpeername(int fd, sockaddr* address, socklen_t* size) {
  return call(kGetpeername, ::getpeername, fd, address, size);
}

/// getsockopt(2): reads an option.
inline int getsockopt(int fd, int level, int name, void* value,
                      socklen_t* size) {
  return call(kGetsockopt, ::getsockopt, fd, level, name, value, size);
}

/// setsockopt(2): sets an option.
inline int setsockopt(int fd, int level, int name, const void* value,
                      socklen_t size) {
  return call(kSetsockopt, ::setsockopt, fd, level, name, value, size);
}

/// shutdown(2): ends one or both directions of a connection.
inline int shutdown(int fd, int how) {
  return call(kShutdown, ::shutdown, fd, how);
}

/// recv(2): takes data that have arrived.
inline auto recv(int fd, void* buffer, std::size_t size, int flags = 0) {
  return call(kRecv, ::recv, fd, buffer, size, flags);
}

/// send(2): hands data to the kernel. Never raises SIGPIPE.
inline auto send(int fd, const void* data, std::size_t size, int flags = 0) {
  return call(kSend, ::send, fd, data, size, flags | kSendFlags);
}

/// recvfrom(2): takes a datagram, and the address of its sender.
inline auto recvfrom(int fd, void* buffer, std::size_t size, int flags,
                     sockaddr* sender, socklen_t* sender_size) {
  return call(kRecvfrom, ::recvfrom, fd, buffer, size, flags, sender,
              sender_size);
}

/// sendto(2): sends a datagram to an address. Never raises SIGPIPE.
inline auto sendto(int fd, const void* data, std::size_t size, int flags,
                   const sockaddr* receiver, socklen_t receiver_size) {
  return call(kSendto, ::sendto, fd, data, size, flags | kSendFlags, receiver,
              receiver_size);
}

/// sendfile(2): sends up to `size` bytes of `file`, from `offset` on, which the
/// call moves. Never raises SIGPIPE. Fails with ENOSYS on systems other than
/// Linux.
ssize_t sendfile(int fd, int file, off_t* offset, std::size_t size);

/// pread(2): reads from an offset of a file, without moving its position.
inline auto pread(int file, void* buffer, std::size_t size, off_t offset) {
  return call(kPread, ::pread, file, buffer, size, offset);
}

/// lseek(2): sets the position of a file.
inline off_t lseek(int file, off_t offset, int from) {
  return call(kLseek, ::lseek, file, offset, from);
}

/// fstat(2): returns the size of a file in bytes; 0 if it has none.
off_t size_of(int file);

/// Sets SO_NOSIGPIPE, the option of systems without MSG_NOSIGNAL. No effect on
/// others.
void no_sigpipe(int fd);

/// getaddrinfo(3): looks up addresses, and may block. Returns 0 or EAI_…;
/// strictly no system call, but many.
inline int getaddrinfo(const char* host, const char* service,
                       const addrinfo* hints, addrinfo** answers) {
  return call(kGetaddrinfo, ::getaddrinfo, host, service, hints, answers);
}

/// getnameinfo(3): looks up the names of an address, and may block. Returns 0
/// or EAI_….
inline int getnameinfo(const sockaddr* address, socklen_t size, char* host,
                       socklen_t host_size, char* service,
                       socklen_t service_size, int flags) {
  return call(kGetnameinfo, ::getnameinfo, address, size, host, host_size,
              service, service_size, flags);
}

}  // namespace loop::kernel

#endif  // LOOP_SOCKETS_KERNEL_H_

#include "loop/sockets/kernel.h"

#include <sys/stat.h>

#include <string>

#include "loop/sockets/address.h"
#include "selectors/kernel/describe.h"

namespace loop::kernel {
namespace {

using selectors::append;
using selectors::FlagName;
using selectors::kernel::Call;
using selectors::kernel::Word;

constexpr FlagName kFamilies[] = {
    {AF_UNIX, "UNIX"}, {AF_INET, "INET"}, {AF_INET6, "INET6"}};
constexpr FlagName kTypes[] = {{SOCK_STREAM, "STREAM"}, {SOCK_DGRAM, "DGRAM"}};
constexpr FlagName kShutdowns[] = {
    {SHUT_RD, "RD"}, {SHUT_WR, "WR"}, {SHUT_RDWR, "RDWR"}};

// The name of a number that is one of several, not a set of bits.
template <std::size_t n>
void append_name(std::string& text, Word number, const FlagName (&names)[n]) {
  for (const auto& [value, name] : names) {
    if (static_cast<Word>(value) == number) return append(text, name);
  }
  append(text, number);
}

void append_address(std::string& text, Word address, std::size_t size) {
  text += address == 0
              ? "-"
              : Address::from(reinterpret_cast<const sockaddr*>(address), size)
                    .repr();
}

// An address that the kernel has filled in, if the call has worked.
void append_answer(std::string& text, const Call& call, std::size_t arg) {
  const auto* const size =
      reinterpret_cast<const socklen_t*>(call.args[arg + 1]);
  if (call.result == -1 || size == nullptr) return append(text, "-");
  append_address(text, call.args[arg], *size);
}

// "INET, STREAM"
void describe_socket(std::string& text, const Call& call) {
  append_name(text, call.args[0], kFamilies);
  text += ", ";
  append_name(text, call.args[1] & ~static_cast<Word>(kSocketFlags), kTypes);
}

// "UNIX, STREAM, [4, 5]"
void describe_socketpair(std::string& text, const Call& call) {
  describe_socket(text, call);
  const auto* const fds = reinterpret_cast<const int*>(call.args[3]);
  text += ", [";
  if (call.result == 0) append(text, fds[0], ", ", fds[1]);
  text += "]";
}

// "4, 127.0.0.1:80"
void describe_to_address(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  append_address(text, call.args[1], static_cast<std::size_t>(call.args[2]));
}

void describe_from_address(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  append_answer(text, call, 1);
}

void describe_listen(std::string& text, const Call& call) {
  append(text, call.args[0], ", ", call.args[1]);
}

// "4, level 1, option 2"
void describe_option(std::string& text, const Call& call) {
  append(text, call.args[0], ", level ", call.args[1], ", option ",
         call.args[2]);
}

void describe_shutdown(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  append_name(text, call.args[1], kShutdowns);
}

// "4, 64 bytes"
void describe_transfer(std::string& text, const Call& call) {
  append(text, call.args[0], ", ", call.args[2], " bytes");
}

void describe_recvfrom(std::string& text, const Call& call) {
  describe_transfer(text, call);
  text += ", ";
  append_answer(text, call, 4);
}

void describe_sendto(std::string& text, const Call& call) {
  describe_transfer(text, call);
  text += ", ";
  append_address(text, call.args[4], static_cast<std::size_t>(call.args[5]));
}

// "4, file 5, 65536 bytes"
void describe_sendfile(std::string& text, const Call& call) {
  append(text, call.args[0], ", file ", call.args[1], ", ", call.args[3],
         " bytes");
}

void append_text(std::string& text, Word address) {
  text += address == 0 ? "-" : reinterpret_cast<const char*>(address);
}

// "5, 256 bytes at 1024"
void describe_pread(std::string& text, const Call& call) {
  describe_transfer(text, call);
  append(text, " at ", call.args[3]);
}

// "5, 1024"
void describe_lseek(std::string& text, const Call& call) {
  append(text, call.args[0], ", ", call.args[1]);
}

void describe_fstat(std::string& text, const Call& call) {
  append(text, call.args[0]);
}

// "localhost, http"
void describe_getaddrinfo(std::string& text, const Call& call) {
  append_text(text, call.args[0]);
  text += ", ";
  append_text(text, call.args[1]);
}

void describe_getnameinfo(std::string& text, const Call& call) {
  append_address(text, call.args[0], static_cast<std::size_t>(call.args[1]));
}

// No `#if`: because the type of `fd` is a template parameter, accept4() is
// looked up only when this is instantiated.
template <class Fd>
int accept4_or_accept(Fd fd, sockaddr* peer, socklen_t* size) {
  if constexpr (requires { accept4(fd, peer, size, 0); }) {
    return accept4(fd, peer, size, kSocketFlags);
  } else {
    return ::accept(fd, peer, size);
  }
}

}  // namespace

constinit const Syscall kSocket = {"socket", describe_socket};
constinit const Syscall kSocketpair = {"socketpair", describe_socketpair};
constinit const Syscall kBind = {"bind", describe_to_address};
constinit const Syscall kListen = {"listen", describe_listen};
constinit const Syscall kAccept = {"accept4", describe_from_address};
constinit const Syscall kConnect = {"connect", describe_to_address};
constinit const Syscall kGetsockname = {"getsockname", describe_from_address};
constinit const Syscall kGetpeername = {"getpeername", describe_from_address};
constinit const Syscall kGetsockopt = {"getsockopt", describe_option};
constinit const Syscall kSetsockopt = {"setsockopt", describe_option};
constinit const Syscall kShutdown = {"shutdown", describe_shutdown};
constinit const Syscall kRecv = {"recv", describe_transfer};
constinit const Syscall kSend = {"send", describe_transfer};
constinit const Syscall kRecvfrom = {"recvfrom", describe_recvfrom};
constinit const Syscall kSendto = {"sendto", describe_sendto};
constinit const Syscall kSendfile = {"sendfile", describe_sendfile};
constinit const Syscall kPread = {"pread", describe_pread};
constinit const Syscall kLseek = {"lseek", describe_lseek};
constinit const Syscall kFstat = {"fstat", describe_fstat};
constinit const Syscall kGetaddrinfo = {"getaddrinfo", describe_getaddrinfo};
constinit const Syscall kGetnameinfo = {"getnameinfo", describe_getnameinfo};

int accept4(int fd, sockaddr* peer, socklen_t* size) {
  return call(kAccept, accept4_or_accept<int>, fd, peer, size);
}

off_t size_of(int file) {
  constexpr auto make = [](int number, struct stat* status) {
    return ::fstat(number, status);
  };
  struct stat status {};
  return call(kFstat, make, file, &status) == 0 ? status.st_size : 0;
}

void no_sigpipe([[maybe_unused]] int fd) {
#ifdef SO_NOSIGPIPE
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

}  // namespace loop::kernel

#include "tests/benchmarks/echo_work.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

extern char** environ;

namespace benchmarks {
namespace {

int listen_on_loopback(sockaddr_in& address) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  check(::bind(listener, generic, size) == 0, "bind");
  check(::listen(listener, 1024) == 0, "listen");
  check(::getsockname(listener, generic, &size) == 0, "getsockname");
  return listener;
}

int start_client(const std::array<std::size_t, 4>& numbers) {
  std::array<std::string, 5> words{Program::folder() + "echo_client"};
  std::array<char*, 6> arguments{words[0].data()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    words[i + 1] = std::to_string(numbers[i]);
    arguments[i + 1] = words[i + 1].data();
  }
  pid_t client = 0;
  check(::posix_spawn(&client, arguments[0], nullptr, nullptr, arguments.data(),
                      environ) == 0,
        "start of echo_client");
  return client;
}

}  // namespace

EchoClients::EchoClients(std::size_t connections, std::size_t size,
                         std::size_t rounds)
    : size_(size), fds_(connections) {
  sockaddr_in address{};
  const int listener = listen_on_loopback(address);
  client_ = start_client({ntohs(address.sin_port), connections, size,
                          rounds * waves(connections)});
  for (int& fd : fds_) {
    fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    check(fd >= 0, "accept");
    const int no_delay = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
  }
  ::close(listener);
}

EchoClients::~EchoClients() {
  int status = 0;
  check(::waitpid(client_, &status, 0) == client_ && status == 0,
        "data that the clients got back");
  for (const int fd : fds_) ::close(fd);
}

}  // namespace benchmarks

// The clients of an echo server:
//
//   echo_client PORT CONNECTIONS BYTES REQUESTS
//
// sends REQUESTS requests of BYTES bytes on each connection: a wave of one
// request on each, then their answers, then the next wave. Exits with 0 if each
// answer was the request.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  check(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
            0,
        "connect");
  const int no_delay = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
  return fd;
}

void wave(const std::vector<int>& fds, const std::string& request) {
  for (const int fd : fds) {
    check(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
              ssize_t(request.size()),
          "send");
  }
  std::string answer(request.size(), '\0');
  for (const int fd : fds) {
    check(::recv(fd, answer.data(), answer.size(), MSG_WAITALL) ==
              ssize_t(answer.size()),
          "recv");
    check(answer == request, "another answer than the request");
  }
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 5, "PORT CONNECTIONS BYTES REQUESTS");
  std::vector<int> fds(std::stoul(argv[2]));
  for (int& fd : fds) fd = connect_to(std::uint16_t(std::stoul(argv[1])));
  std::string request(std::stoul(argv[3]), 'x');
  const auto requests = std::stoul(argv[4]);
  for (std::size_t i = 0; i < requests; ++i) {
    request[i % request.size()] = char(i);
    wave(fds, request);
  }
}

#include "loop/sockets/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "loop/sockets/address.h"
#include "selectors/errors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using SocketTest = tests::NoLeak;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

void expect_prepared(int fd) {
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SocketTest, OwnsItsDescriptor) {
  int fd = -1;
  {
    const Socket socket(AF_INET, SOCK_STREAM);
    fd = socket.fileno();
    expect_prepared(fd);
    EXPECT_TRUE(socket);
    EXPECT_EQ(socket.family(), AF_INET);
    EXPECT_EQ(socket.type(), SOCK_STREAM);
  }
  EXPECT_FALSE(is_open(fd));
}

TEST_F(SocketTest, Moves) {
  Socket first(AF_INET, SOCK_DGRAM);
  const int fd = first.fileno();
  Socket second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(first.fileno(), -1);
  EXPECT_EQ(second.fileno(), fd);
  second = Socket(AF_INET, SOCK_DGRAM);
  EXPECT_FALSE(is_open(fd));
}

TEST_F(SocketTest, DetachAndFromFd) {
  Socket socket(AF_UNIX, SOCK_STREAM);
  const int fd = socket.detach();
  EXPECT_FALSE(socket);
  socket.close();  // Of a closed socket: no effect.
  ASSERT_TRUE(is_open(fd));
  ::fcntl(fd, F_SETFL, 0);
  const Socket again = Socket::from_fd(fd);
  EXPECT_EQ(again.fileno(), fd);
  expect_prepared(fd);
}

TEST_F(SocketTest, FromFdRefusesWhatIsNoOpenSocket) {
  EXPECT_THROW(Socket::from_fd(tests::bad_fd()), selectors::OSError);
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const tests::File reader(fds[0]);
  const tests::File writer(fds[1]);
  EXPECT_THROW(Socket::from_fd(fds[0]), selectors::OSError);
  EXPECT_EQ(::fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);  // Unchanged.
}

TEST_F(SocketTest, BindsAndListens) {
  Socket server(AF_INET, SOCK_STREAM);
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  server.bind(Address::ipv4("127.0.0.1", 0));
  server.listen();
  const Address address = server.getsockname();
  EXPECT_EQ(address.host(), "127.0.0.1");
  EXPECT_NE(address.port(), 0);
  EXPECT_EQ(server.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST_F(SocketTest, AbstractAddress) {
  const std::string name =
      "selectors-socket-test-" + std::to_string(::getpid());
  Socket server(AF_UNIX, SOCK_STREAM);
  server.bind(Address::abstract(name));
  EXPECT_EQ(server.getsockname().repr(), "@" + name);
}

TEST_F(SocketTest, Options) {
  Socket socket(AF_INET, SOCK_STREAM);
  EXPECT_EQ(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 0);
  socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  EXPECT_NE(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST_F(SocketTest, OptionsThatAreStructures) {
  Socket socket(AF_INET, SOCK_STREAM);
  socket.setsockopt(SOL_SOCKET, SO_LINGER, linger{1, 7});
  const auto set = socket.getsockopt<linger>(SOL_SOCKET, SO_LINGER);
  EXPECT_EQ(set.l_onoff, 1);
  EXPECT_EQ(set.l_linger, 7);
  socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, timeval{3, 0});
  EXPECT_EQ(socket.getsockopt<timeval>(SOL_SOCKET, SO_RCVTIMEO).tv_sec, 3);
  static_assert(!SocketOption<int>);
  static_assert(!SocketOption<std::string_view>);
  static_assert(!SocketOption<std::span<const std::byte>>);
}

TEST_F(SocketTest, OptionsThatAreBytes) {
  Socket socket(AF_INET, SOCK_STREAM);
  const std::string name = "reno";
  socket.setsockopt(IPPROTO_TCP, TCP_CONGESTION,
                    std::as_bytes(std::span(name)));
  std::array<char, 16> bytes{};
  EXPECT_EQ(socket.getsockopt(IPPROTO_TCP, TCP_CONGESTION,
                              std::as_writable_bytes(std::span(bytes))),
            bytes.size());
  EXPECT_EQ(std::string(bytes.data()), name);
}

TEST_F(SocketTest, FamilyAndType) {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const Socket socket(family, type);
      EXPECT_EQ(socket.family(), family);
      EXPECT_EQ(socket.type(), type);  // Without SOCK_NONBLOCK.
    }
  }
}

TEST_F(SocketTest, Repr) {
  Socket server(AF_INET, SOCK_STREAM);
  server.bind(Address::ipv4("127.0.0.1", 0));
  server.listen();
  const std::string address = server.getsockname().repr();
  EXPECT_EQ(server.repr(),
            "<socket fd=" + std::to_string(server.fileno()) +
                " family=AF_INET type=SOCK_STREAM laddr=" + address + ">");
  const Socket client(AF_INET, SOCK_STREAM);
  const Address to = server.getsockname();
  ::connect(client.fileno(), to.data(), static_cast<socklen_t>(to.size()));
  EXPECT_EQ(client.repr(), "<socket fd=" + std::to_string(client.fileno()) +
                               " family=AF_INET type=SOCK_STREAM laddr=" +
                               client.getsockname().repr() +
                               " raddr=" + address + ">");
  server.close();
  EXPECT_EQ(server.repr(), "<socket closed>");
}

// A number that was closed behind the socket's back.
TEST_F(SocketTest, ReprOfABrokenSocketDoesNotThrow) {
  Socket socket(AF_UNIX, SOCK_DGRAM);
  ::close(socket.fileno());
  const std::string fd = std::to_string(socket.fileno());
  EXPECT_EQ(socket.repr(), "<socket fd=" + fd + ">");
  socket.detach();
}

TEST_F(SocketTest, PairOfDatagramSockets) {
  auto [a, b] = socketpair(AF_UNIX, SOCK_DGRAM);
  expect_prepared(a.fileno());
  EXPECT_EQ(b.type(), SOCK_DGRAM);
  EXPECT_THROW(socketpair(AF_INET, SOCK_STREAM), selectors::OSError);
}

TEST_F(SocketTest, NoDescriptorIsLeft) {
  {
    const tests::FaultInjector fault(1, EMFILE);
    EXPECT_THROW(Socket(AF_INET, SOCK_STREAM), selectors::OSError);
  }
  const tests::FaultInjector fault(1, ENFILE);
  EXPECT_THROW(socketpair(), selectors::OSError);
}

TEST_F(SocketTest, Pair) {
  auto [a, b] = socketpair();
  expect_prepared(a.fileno());
  expect_prepared(b.fileno());
  EXPECT_EQ(a.family(), AF_UNIX);
  EXPECT_EQ(a.getpeername().repr(), "unnamed Unix socket");
  a.shutdown(SHUT_WR);
  char byte;
  EXPECT_EQ(::read(b.fileno(), &byte, 1), 0);  // At the end.
}

// Each error names the call, and the address if there is one.
TEST_F(SocketTest, ErrorsNameTheCall) {
  const auto expect_error = [](auto call, int error, const std::string& what) {
    try {
      call();
      ADD_FAILURE() << "no error: " << what;
    } catch (const selectors::OSError& refusal) {
      EXPECT_EQ(refusal.code().value(), error) << refusal.what();
      EXPECT_EQ(std::string(refusal.what()).find(what), 0u) << refusal.what();
    }
  };
  Socket server(AF_INET, SOCK_STREAM);
  server.bind(Address::ipv4("127.0.0.1", 0));
  server.listen();
  const Address taken = server.getsockname();
  const std::string fd = std::to_string(server.fileno());
  Socket other(AF_INET, SOCK_STREAM);
  expect_error([&] { other.bind(taken); }, EADDRINUSE,
               "bind to " + taken.repr());
  expect_error([&] { server.getpeername(); }, ENOTCONN,
               "getpeername of fd " + fd);
  expect_error([&] { server.setsockopt(SOL_SOCKET, -1, 1); }, ENOPROTOOPT,
               "setsockopt of fd " + fd);
  expect_error([&] { Socket(AF_INET, -1); }, EINVAL, "socket");
  Socket closed;
  expect_error([&] { closed.listen(); }, EBADF, "listen of fd -1");
  expect_error([&] { closed.shutdown(SHUT_RD); }, EBADF, "shutdown of fd -1");
}

}  // namespace
}  // namespace loop

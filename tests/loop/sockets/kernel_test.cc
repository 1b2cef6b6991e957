// The lines of a trace for the system calls of sockets.

#include "loop/sockets/kernel.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/support/files.h"

namespace loop {
namespace {

// Keeps "name(arguments)" of the last call.
class Recorder : public selectors::kernel::Interceptor {
 public:
  void leave(const selectors::kernel::Call& call) override {
    line = std::string(call.syscall.name) + "(";
    call.syscall.describe(line, call);
    line += ")";
  }

  std::string line;
};

class SocketKernelTest : public tests::NoLeak {
 protected:
  const std::string& line() const { return recorder_.line; }

 private:
  Recorder recorder_;
};

std::string fd_of(const Socket& socket) {
  return std::to_string(socket.fileno());
}

TEST_F(SocketKernelTest, Addresses) {
  Socket server(AF_INET, SOCK_STREAM);
  const std::string fd = fd_of(server);
  EXPECT_EQ(line(), "socket(INET, STREAM)");
  server.bind(Address::ipv4("127.0.0.1", 0));
  EXPECT_EQ(line(), "bind(" + fd + ", 127.0.0.1:0)");
  server.listen(7);
  EXPECT_EQ(line(), "listen(" + fd + ", 7)");
  const Address address = server.getsockname();
  EXPECT_EQ(line(), "getsockname(" + fd + ", " + address.repr() + ")");
  EXPECT_THROW(server.getpeername(), selectors::OSError);
  EXPECT_EQ(line(), "getpeername(" + fd + ", -)");

  const Socket client(AF_INET, SOCK_STREAM);
  kernel::connect(client.fileno(), address.data(),
                  static_cast<socklen_t>(address.size()));
  EXPECT_EQ(line(), "connect(" + fd_of(client) + ", " + address.repr() + ")");
  const int peer = kernel::accept4(server.fileno(), nullptr, nullptr);
  EXPECT_EQ(line(), "accept4(" + fd + ", -)");
  ::close(peer);
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
  EXPECT_EQ(line(), "setsockopt(" + fd + ", level " +
                        std::to_string(SOL_SOCKET) + ", option " +
                        std::to_string(SO_REUSEADDR) + ")");
}

TEST_F(SocketKernelTest, Transfers) {
  auto [a, b] = socketpair(AF_UNIX, SOCK_DGRAM);
  const std::string fd = fd_of(a);
  EXPECT_EQ(line(), "socketpair(UNIX, DGRAM, [" + fd + ", " + fd_of(b) + "])");
  char bytes[4] = {};
  EXPECT_EQ(kernel::send(a.fileno(), bytes, 4), 4);
  EXPECT_EQ(line(), "send(" + fd + ", 4 bytes)");
  EXPECT_EQ(kernel::recv(b.fileno(), bytes, 4), 4);
  EXPECT_EQ(line(), "recv(" + fd_of(b) + ", 4 bytes)");
  EXPECT_EQ(kernel::send(a.fileno(), bytes, 3), 3);
  EXPECT_EQ(kernel::recvfrom(b.fileno(), bytes, 4, 0, nullptr, nullptr), 3);
  EXPECT_EQ(line(), "recvfrom(" + fd_of(b) + ", 4 bytes, -)");
  const Address nowhere = Address::abstract("selectors-nowhere");
  EXPECT_EQ(kernel::sendto(a.fileno(), bytes, 1, 0, nowhere.data(),
                           static_cast<socklen_t>(nowhere.size())),
            -1);
  EXPECT_EQ(line(), "sendto(" + fd + ", 1 bytes, @selectors-nowhere)");
  a.shutdown(SHUT_WR);
  EXPECT_EQ(line(), "shutdown(" + fd + ", WR)");
}

TEST_F(SocketKernelTest, Sendfile) {
  auto [a, b] = socketpair();
  const tests::TempFile file;
  file.write("selectors");
  off_t offset = 2;
  EXPECT_EQ(kernel::sendfile(a.fileno(), file.fileno(), &offset, 3), 3);
  EXPECT_EQ(offset, 5);
  EXPECT_EQ(line(), "sendfile(" + fd_of(a) + ", file " +
                        std::to_string(file.fileno()) + ", 3 bytes)");
}

// No wrapper raises SIGPIPE, which would end this program.
TEST_F(SocketKernelTest, ALostPeerIsAnErrno) {
  auto [a, b] = socketpair();
  b.close();
  char byte = 0;
  EXPECT_EQ(kernel::send(a.fileno(), &byte, 1), -1);
  EXPECT_EQ(errno, EPIPE);
  EXPECT_EQ(kernel::sendto(a.fileno(), &byte, 1, 0, nullptr, 0), -1);
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace loop

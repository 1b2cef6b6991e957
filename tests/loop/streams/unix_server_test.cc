// Servers of Unix sockets. Tests of CPython's test_streams.py and
// test_server.py keep their names.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/open_connection.h"
#include "loop/streams/server.h"
#include "tests/loop/streams/server_fixture.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

// The path of a Unix socket, which must be short. No file is left there.
class UnixServerTest : public ServerTest {
 protected:
  void TearDown() override {
    ServerTest::TearDown();
    ::unlink(path_.c_str());
  }
  void close() {
    server_->close();
    server_.reset();
  }
  bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }

  const std::string path_ = "/tmp/unix_server_test." + std::to_string(getpid());
};
INSTANTIATE_TEST_SUITE_P(Selectors, UnixServerTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(UnixServerTest, OpenUnixConnection) {
  const ServerOptions leaves = {.cleanup_socket = false};
  for (int i = 0; i < 2; ++i) {  // The second one replaces the old socket.
    const Server server = run(start_unix_server(echo, path_, leaves));
    {
      const Stream stream = run(open_unix_connection(path_));
      EXPECT_EQ(ask(stream, "unix\n"), "unix\n");
    }
    server.close();
    run(server.wait_closed());
  }
  tests::CallCounter calls;
  run(start_unix_server(echo, path_, leaves)).close();
  for (const char* const name : {"stat", "unlink"}) {
    EXPECT_EQ(std::ranges::count(calls.names(), name), 1) << name;
  }
}

TEST_P(UnixServerTest, UnixServerAddrCleanup) {
  server_ = run(start_unix_server(echo, path_));
  EXPECT_TRUE(exists());
  close();
  EXPECT_FALSE(exists());
}

TEST_P(UnixServerTest, UnixServerSockCleanup) {
  std::vector<Socket> sockets;
  sockets.emplace_back(AF_UNIX, SOCK_STREAM);
  sockets.back().bind(Address::unix_path(path_));
  server_ = run(start_server(echo, std::move(sockets)));
  close();
  EXPECT_FALSE(exists());
}

TEST_P(UnixServerTest, UnixServerCleanupGone) {
  server_ = run(start_unix_server(echo, path_));
  ::unlink(path_.c_str());
  close();
}

TEST_P(UnixServerTest, UnixServerCleanupReplaced) {
  server_ = run(start_unix_server(echo, path_));
  const Server other = run(start_unix_server(echo, path_));
  close();
  EXPECT_TRUE(exists()) << "that of the other server";
  other.close();
  EXPECT_FALSE(exists());
}

TEST_P(UnixServerTest, UnixServerCleanupPrevented) {
  server_ = run(start_unix_server(echo, path_, {.cleanup_socket = false}));
  close();
  EXPECT_TRUE(exists());
}

}  // namespace
}  // namespace loop

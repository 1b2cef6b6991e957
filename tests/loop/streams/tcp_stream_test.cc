// Streams over TCP: addresses, options, resets and a slow peer.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/stream_writer.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class TcpStreamTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    Socket listener(AF_INET, SOCK_STREAM);
    listener.bind(Address::ipv4("127.0.0.1", 0));
    listener.listen();
    Socket client(AF_INET, SOCK_STREAM);
    address_ = listener.getsockname();
    ::connect(client.fileno(), address_.data(),
              static_cast<socklen_t>(address_.size()));
    peer_ = tests::File(::accept(listener.fileno(), nullptr, nullptr));
    stream_.emplace(make_stream(*loop_, std::move(client)));
  }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(peer_.fileno(), SOL_SOCKET, SO_LINGER, &at_once,
                 sizeof(at_once));
    peer_.close();
  }

  bool has_nodelay() const {
    int value = 0;
    socklen_t size = sizeof(value);
    ::getsockopt(stream_->writer.fileno(), IPPROTO_TCP, TCP_NODELAY, &value,
                 &size);
    return value != 0;
  }

  Address address_;
};
INSTANTIATE_TEST_SUITE_P(Selectors, TcpStreamTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(TcpStreamTest, Addresses) {
  EXPECT_EQ(writer().getpeername(), address_);
  EXPECT_EQ(writer().getsockname().host(), "127.0.0.1");
  writer().close();
  EXPECT_THROW((void)writer().getpeername(), OSError);
}

TEST_P(TcpStreamTest, TcpNodelayIsSetWhereItExists) {
  EXPECT_TRUE(has_nodelay());
  for (const int error : {EOPNOTSUPP, ENOPROTOOPT}) {  // Not TCP.
    tests::FaultInjector none(1, error, [](const auto& call) {
      return tests::FaultInjector::is(call, "setsockopt");
    });
    make_stream(*loop_, Socket(AF_INET, SOCK_STREAM));
    EXPECT_TRUE(none.fired());
  }
}

TEST_P(TcpStreamTest, APeersResetIsThrownIntoTheReader) {
  const auto task = start(reader().readline());
  turn();
  reset();
  EXPECT_THROW(run_until_complete(task), OSError);
  EXPECT_EQ(error_of(writer().drain()), ECONNRESET);
}

// The kernel tells of a reset once. An end that comes after it is no end.
TEST_P(TcpStreamTest, AResetThatWriteFindsIsNoEnd) {
  reset();
  writer().write("x");
  EXPECT_EQ(error_of(writer().drain()), ECONNRESET);
  EXPECT_EQ(error_of(reader().read()), ECONNRESET);
}

TEST_P(TcpStreamTest, ASlowPeerGetsEverything) {
  const std::string much(3 << 20, 'x');
  writer().write(much);
  writer().close();
  std::string all;
  while (all.size() < much.size()) {
    turn(1);
    all += peer_.read(10'000);
  }
  EXPECT_TRUE(all == much);
  EXPECT_EQ(peer_.read(), "");
}

}  // namespace
}  // namespace loop

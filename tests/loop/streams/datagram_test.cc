// `DatagramEndpoint`: after CPython 3.15's test_asyncio/test_events.py and
// test_selector_events.py.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/streams/datagram_endpoint.h"
#include "selectors/errors.h"
#include "tests/loop/selector_loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/allocations.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using selectors::OSError;
using selectors::RuntimeError;
using selectors::ValueError;

// The bytes that a datagram counts beside its data.
constexpr std::size_t kHeader = 8;

class DatagramTest : public SelectorLoopTest {
 protected:
  // Not a file, as the path of a test may be too long for an address.
  static Address unix_address() {
    return Address::abstract("datagram_test " + std::to_string(::getpid()));
  }

  DatagramEndpoint make(const DatagramOptions& options) {
    return run(make_in_loop(options));
  }
  // An endpoint with an address that the kernel chooses.
  DatagramEndpoint bound() { return make({.local_addr = kAny}); }
  DatagramEndpoint connected_to(DatagramEndpoint& peer) {
    return make({.remote_addr = peer.socket().getsockname()});
  }
  std::string receive(DatagramEndpoint& endpoint) {
    return run(receive_in_loop(endpoint));
  }

  static Coroutine<DatagramEndpoint> make_in_loop(DatagramOptions options) {
    co_return create_datagram_endpoint(options);
  }
  static Coroutine<std::string> receive_in_loop(DatagramEndpoint& endpoint) {
    auto datagram = co_await endpoint.recvfrom();
    co_return datagram.first;
  }
  static Coroutine<int> error_of_recvfrom(DatagramEndpoint& endpoint) {
    try {
      co_await endpoint.recvfrom();
    } catch (const OSError& error) {
      co_return error.code().value();
    }
    co_return 0;
  }
  static Coroutine<> drain(DatagramEndpoint& endpoint) {
    co_await endpoint.drain();
  }

  const Address kAny = Address::ipv4("127.0.0.1", 0);
};
INSTANTIATE_TEST_SUITE_P(Selectors, DatagramTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(DatagramTest, CreateDatagramEndpoint) {
  auto server = bound();
  auto client = connected_to(server);
  client.sendto("hello");
  const auto echo = [](DatagramEndpoint& from) -> Coroutine<> {
    auto datagram = co_await from.recvfrom();
    from.sendto(datagram.first + "!", datagram.second);
  };
  run(echo(server));
  EXPECT_EQ(receive(client), "hello!");
}

TEST_P(DatagramTest, AnEmptyDatagramIsADatagram) {
  auto server = bound();
  auto client = connected_to(server);
  client.sendto("");
  client.sendto("next");
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(receive(server), "next");
}

TEST_P(DatagramTest, TheRestOfALongDatagramIsLost) {
  auto server = bound();
  auto client = connected_to(server);
  client.sendto("long");
  client.sendto("next");
  const auto body = [](DatagramEndpoint& from) -> Coroutine<std::string> {
    auto datagram = co_await from.recvfrom(2);
    co_return datagram.first;
  };
  EXPECT_EQ(run(body(server)), "lo");
  EXPECT_EQ(receive(server), "next");
}

TEST_P(DatagramTest, SendtoChecksTheAddress) {
  auto server = bound();
  auto client = connected_to(server);
  client.sendto("x", server.socket().getsockname());
  EXPECT_THROW(client.sendto("x", kAny), ValueError);
  EXPECT_THROW(server.sendto("x"), ValueError);
  EXPECT_THROW(client.sendto(std::string(70000, 'x')), OSError) << "EMSGSIZE";
  client.sendto("still usable");
}

TEST_P(DatagramTest, CreateDatagramEndpointChecksTheAddresses) {
  EXPECT_THROW(make({}), ValueError);
  EXPECT_THROW(make({.local_addr = kAny,
                     .remote_addr = Address::unix_path("/no/such/socket")}),
               ValueError);
  EXPECT_THROW(make({.remote_addr = Address::unix_path("/no/such/socket")}),
               OSError);
}

// Nobody listens. The kernel tells the next call.
TEST_P(DatagramTest, ErrorReceived) {
  std::optional<DatagramEndpoint> server = bound();
  auto client = connected_to(*server);
  server.reset();
  client.sendto("x");
  EXPECT_EQ(run(error_of_recvfrom(client)), ECONNREFUSED);
  client.sendto("the endpoint can be used on");
}

TEST_P(DatagramTest, CloseWhileATaskWaits) {
  auto server = bound();
  const auto task = create_task(*loop_, error_of_recvfrom(server));
  turn();
  server.close();
  EXPECT_EQ(run_until_complete(task), EBADF);
  EXPECT_THROW(server.sendto("x", kAny), RuntimeError);
}

TEST_P(DatagramTest, ReusePort) {
  const auto first = [this] {
    return make({.local_addr = kAny, .reuse_port = true});
  };
  auto one = first();
  auto two =
      make({.local_addr = one.socket().getsockname(), .reuse_port = true});
  make({.local_addr = unix_address(), .reuse_port = true});
}

// The answers come from addresses other than the broadcast address.
TEST_P(DatagramTest, AnyHostMayAnswerABroadcast) {
  auto server = make({.local_addr = Address::ipv4("", 0)});
  const auto port = server.socket().getsockname().port();
  const Address everybody = Address::ipv4("127.255.255.255", port);
  auto client = make({.remote_addr = everybody, .allow_broadcast = true});
  client.sendto("question");
  client.sendto("again", everybody);
  EXPECT_THROW(client.sendto("x", kAny), ValueError);
  const auto answer = [](DatagramEndpoint& from) -> Coroutine<> {
    const auto datagram = co_await from.recvfrom();
    from.sendto("answer", datagram.second);
  };
  run(answer(server));
  EXPECT_EQ(receive(client), "answer");
  EXPECT_EQ(receive(server), "again");
}

TEST_P(DatagramTest, CreateDatagramEndpointExistingSockUnix) {
  // A path of a Unix socket must be short.
  const std::string path = "/tmp/datagram_test." + std::to_string(::getpid());
  for (int i = 0; i < 2; ++i) {  // The second one replaces the old socket.
    make({.local_addr = Address::unix_path(path)});
  }
  ::unlink(path.c_str());
}

// Unix datagrams, which have a bounded queue in the kernel.
class DatagramQueueTest : public DatagramTest {
 protected:
  void SetUp() override {
    DatagramTest::SetUp();
    server_.emplace(make({.local_addr = unix_address()}));
    client_.emplace(connected_to(*server_));
  }
  void TearDown() override {
    client_.reset();
    server_.reset();
    DatagramTest::TearDown();
  }
  // Sends until `count` datagrams are queued here.
  void fill(std::size_t count, const std::string& data) {
    while (client_->get_write_buffer_size() < count * (data.size() + kHeader)) {
      client_->sendto(data);
      ++sent_;
    }
  }
  void receive_all(std::size_t size = 4) {
    for (; sent_ > 0; --sent_) {
      EXPECT_EQ(receive(*server_).size(), size);
    }
    turn();
  }

  std::optional<DatagramEndpoint> server_;
  std::optional<DatagramEndpoint> client_;
  int sent_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Selectors, DatagramQueueTest, tests::all_selectors(),
                         tests::name_of);

// gh-135444
TEST_P(DatagramQueueTest, EachDatagramCountsWithItsHeader) {
  client_->set_write_buffer_limits(3 * (4 + kHeader) - 1, 0);
  for (int round = 0; round < 3; ++round) {
    fill(2, "data");
    EXPECT_EQ(client_->get_write_buffer_size(), 2 * (4 + kHeader));
    run(drain(*client_));  // Not paused yet.
    fill(3, "data");
    const auto task = create_task(*loop_, drain(*client_));
    const auto other = create_task(*loop_, drain(*client_));
    turn();
    EXPECT_FALSE(task.done());
    receive_all();
    EXPECT_TRUE(task.done());
    EXPECT_TRUE(other.done());
    EXPECT_EQ(client_->get_write_buffer_size(), 0u) << round;
  }
}

TEST_P(DatagramQueueTest, EmptyDatagramsFillTheQueue) {
  fill(2, "");
  EXPECT_EQ(client_->get_write_buffer_size(), 2 * kHeader);
}

TEST_P(DatagramQueueTest, ASendtoThatRunsOutOfMemoryCanBeRepeated) {
  const std::string data(100, 'x');  // Too long for a string without memory.
  for (tests::EachShortage shortage; shortage.next();) {
    client_.emplace(connected_to(*server_));
    shortage.survives([&] { fill(1, data); });
    fill(1, data);
    receive_all(data.size());
    EXPECT_EQ(client_->get_write_buffer_size(), 0u);
  }
}

// The second sendto() comes before the loop tells that the wait has failed.
TEST_P(DatagramQueueTest, ASendtoWithoutMemoryWhoseWaitFailsCanBeRepeated) {
  const std::string data(100, 'x');
  fill(1, data);
  for (tests::EachShortage shortage; shortage.next();) {
    client_.emplace(connected_to(*server_));
    const bool done = shortage.survives([&] { client_->sendto(data); });
    loop_->remove_writer(client_->socket().fileno());
    client_->sendto(data);
    turn();
    if (!done) continue;  // Not even the wait may have begun.
    EXPECT_EQ(client_->get_write_buffer_size(), 0u);
  }
}

TEST_P(DatagramQueueTest, ARefusedQueuedDatagramIsThrownOnce) {
  client_->set_write_buffer_limits(0, 0);
  fill(1, "data");
  const auto task = create_task(*loop_, drain(*client_));
  turn();
  server_.reset();
  EXPECT_THROW(run_until_complete(task), OSError);
  run(drain(*client_));
}

TEST_P(DatagramQueueTest, CloseDropsTheQueue) {
  client_->set_write_buffer_limits(0, 0);
  fill(1, "data");
  const auto task = create_task(*loop_, drain(*client_));
  turn();
  const auto other = create_task(*loop_, drain(*client_));
  turn();
  client_->close();
  EXPECT_THROW(run_until_complete(task), OSError);
  EXPECT_THROW(run_until_complete(other), OSError) << "each task";
  EXPECT_EQ(client_->get_write_buffer_size(), 0u);
  EXPECT_THROW(client_->set_write_buffer_limits(1, 2), ValueError);
}

// A Unix endpoint without a peer, which the kernel reports as writable even if
// the queue of the receiver is full. Time stands still unless a test moves it.
class DatagramWithoutPeerTest : public DatagramQueueTest {
 protected:
  void SetUp() override {
    DatagramTest::SetUp();
    loop_.emplace(make_selector(), [this] { return now_; });
    server_.emplace(make({.local_addr = unix_address()}));
    const Address own =
        Address::abstract("datagram_test sender " + std::to_string(::getpid()));
    client_.emplace(make({.local_addr = own}));
    const Address to = server_->socket().getsockname();
    for (; client_->get_write_buffer_size() < 3 * (4 + kHeader); ++sent_) {
      client_->sendto("data", to);
    }
  }
  // The number of attempts to send in 20 iterations.
  std::ptrdiff_t attempts(std::chrono::nanoseconds passed) {
    now_ += passed;
    const tests::CallCounter calls;
    turn(20);
    return std::ranges::count(calls.names(), "sendto");
  }

  TimePoint now_{};
};
INSTANTIATE_TEST_SUITE_P(Selectors, DatagramWithoutPeerTest,
                         tests::all_selectors(), tests::name_of);

TEST_P(DatagramWithoutPeerTest, AFullReceiverIsNotPolledWithoutAPause) {
  EXPECT_EQ(attempts(0ms), 1) << "the first event";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(attempts(1s), 1);
  client_->sendto("more", server_->socket().getsockname());
  ++sent_;
  EXPECT_EQ(attempts(0ms), 0);
}

TEST_P(DatagramWithoutPeerTest, EachDatagramArrivesWhenThereIsRoom) {
  client_->set_write_buffer_limits(1, 0);
  const auto task = create_task(*loop_, drain(*client_));
  attempts(1s);
  EXPECT_FALSE(task.done());
  for (; sent_ > 0; --sent_) {
    now_ += 1s;
    turn();
    EXPECT_EQ(receive(*server_), "data");
  }
  EXPECT_EQ(client_->get_write_buffer_size(), 0u);
  turn();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(attempts(1s), 0);
}

TEST_P(DatagramWithoutPeerTest, NoAttemptFollowsTheEnd) {
  attempts(1s);
  client_->close();
  EXPECT_EQ(attempts(1s), 0);
  client_.reset();
  EXPECT_EQ(attempts(1s), 0);
}

TEST_P(DatagramWithoutPeerTest, TheLoopMayCloseBetweenAttempts) {
  attempts(1s);
  loop_->close();
  EXPECT_THROW(client_->sendto("x", kAny), RuntimeError);
}

// The loop is about to tell the endpoint that its wait has failed.
TEST_P(DatagramQueueTest, AnEndpointMayEndBeforeItIsToldOfAFailure) {
  fill(1, "data");
  turn();
  client_->socket().close();
  client_.reset();
  turn();
}

TEST_P(DatagramQueueTest, ALoopMayCloseBeforeItTellsOfAFailure) {
  fill(1, "data");
  turn();
  client_->socket().close();
  loop_->close();
}

TEST_P(DatagramQueueTest, EndpointsAreAssigned) {
  fill(1, "data");
  turn();
  auto other = connected_to(*server_);
  const int fd = other.socket().fileno();
  *client_ = std::move(other);
  EXPECT_EQ(client_->socket().fileno(), fd);
  EXPECT_EQ(client_->get_write_buffer_size(), 0u) << "of the other";
}

TEST_P(DatagramQueueTest, TheLoopMayCloseFirst) {
  fill(1, "data");
  loop_->close();
  EXPECT_THROW(client_->sendto("x"), RuntimeError) << "it has to be queued";
}

}  // namespace
}  // namespace loop

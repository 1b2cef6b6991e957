// The clients that a server accepts: how many at a time, after errors of
// accept(2), and clients that behave badly.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/kernel.h"
#include "loop/streams/server.h"
#include "selectors/kernel/call.h"
#include "selectors/select_selector.h"
#include "tests/loop/streams/server_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using tests::FaultInjector;

class AcceptTest : public ServerTest {
 protected:
  static FaultInjector::Predicate is_accept() {
    return [](const auto& call) {
      return FaultInjector::is(call, "accept4") ||
             FaultInjector::is(call, "accept");
    };
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, AcceptTest, tests::all_selectors(),
                         tests::name_of);

// gh-90871
TEST_P(AcceptTest, AcceptTakesBacklogAndOneMore) {
  for (const int backlog : {0, 1, 5}) {
    ServerOptions options;
    options.backlog = backlog;
    serve(echo, options);
    turn();
    std::vector<Socket> peers;
    for (int i = 0; i <= backlog; ++i) peers.push_back(connect_peer());
    turn(3);
    EXPECT_EQ(server_->client_count(), static_cast<std::size_t>(backlog) + 1);
    server_->close();
    server_->abort_clients();
    turn();
  }
}

// gh-90871: in 3.13 a backlog of 0 accepts no client.
TEST_P(AcceptTest, ABacklogOf0AcceptsAClientPerIteration) {
  std::vector<Socket> listeners;
  listeners.emplace_back(AF_INET, SOCK_STREAM);
  listeners[0].bind(Address::ipv4("127.0.0.1", 0));
  listeners[0].listen(10);  // Else the kernel would not queue three.
  address_ = listeners[0].getsockname();
  std::vector<Socket> peers;
  for (int i = 0; i < 3; ++i) peers.push_back(connect_peer());
  const ServerOptions options = {.backlog = 0};
  server_ = run(start_server(echo, std::move(listeners), options));
  for (int i = 0; i < 6; ++i) {
    const std::size_t before = server_->client_count();
    turn(1);
    EXPECT_LE(server_->client_count(), before + 1);
  }
  EXPECT_EQ(server_->client_count(), 3u);
}

// gh-127529
TEST_P(AcceptTest, AnAbortedConnectionDoesNotEndTheTurn) {
  serve();
  turn();
  FaultInjector aborted(1, ECONNABORTED, is_accept());
  const Socket first = connect_peer();
  const Socket second = connect_peer();
  turn(2);
  EXPECT_TRUE(aborted.fired());
  EXPECT_EQ(server_->client_count(), 2u);
}

TEST_P(AcceptTest, WithoutDescriptorsAcceptBacksOff) {
  TimePoint now{};
  loop_.emplace(make_selector(), [&now] { return now; });
  loop_->set_exception_handler(
      [this](EventLoop&, const ExceptionContext& context) {
        reports_.push_back(context.message);
      });
  serve();
  turn();
  const Socket peer = connect_peer();
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    FaultInjector shortage(FaultInjector::kAll, error, is_accept());
    tests::CallCounter calls;
    now += 2s;
    turn(20);
    EXPECT_LE(std::count(calls.names().begin(), calls.names().end(), "accept4"),
              2);
  }
  EXPECT_EQ(server_->client_count(), 0u);
  now += 2s;
  turn(4);
  EXPECT_EQ(server_->client_count(), 1u) << "serves again";
  expected_reports_ = {"accept() failed; the server tries again"};
}

// Answers getrlimit() as if the process could have so many descriptors.
class DescriptorLimit : public selectors::kernel::Interceptor {
 public:
  explicit DescriptorLimit(rlim_t limit) : limit_(limit) {}

  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    if (&call.syscall != &kernel::kGetrlimit) return std::nullopt;
    reinterpret_cast<rlimit*>(call.args[0])->rlim_cur = limit_;
    return 0;
  }
  void leave(const selectors::kernel::Call&) override {}

 private:
  const rlim_t limit_;
};

TEST_P(AcceptTest, MaxClients) {
  struct Row {
    std::optional<int> max_clients;
    rlim_t descriptors;
    std::size_t most;
  };
  for (const auto& [max_clients, descriptors, most] :
       {Row{2, 1000, 2}, Row{2, 1, 2}, Row{{}, 4, 3}, Row{{}, 1, 1}}) {
    const DescriptorLimit limit(descriptors);
    ServerOptions options;
    options.max_clients = max_clients;
    serve(echo, options);
    std::vector<Socket> peers;
    for (int i = 0; i < 5; ++i) peers.push_back(connect_peer());
    turn(8);
    EXPECT_EQ(server_->client_count(), most);
    peers.erase(peers.begin());
    turn(8);
    EXPECT_EQ(server_->client_count(), most) << "the next one";
    peers.clear();
    turn(20);
    EXPECT_EQ(server_->client_count(), 0u);
  }
}

// Of two listening sockets that wait for a client, one gets the last place.
TEST_P(AcceptTest, MaxClientsOfSeveralSockets) {
  std::vector<Socket> sockets;
  std::vector<Address> at;
  for (int i = 0; i < 2; ++i) {
    sockets.emplace_back(AF_INET, SOCK_STREAM);
    sockets.back().bind(Address::ipv4("127.0.0.1", 0));
    at.push_back(sockets.back().getsockname());
  }
  ServerOptions options;
  options.max_clients = 1;
  server_ = run(start_server(echo, std::move(sockets), options));
  turn();
  std::vector<Socket> peers;
  for (int i = 0; i < 8; ++i) {
    address_ = at[i % 2];
    peers.push_back(connect_peer());
  }
  for (; !peers.empty(); peers.erase(peers.begin())) {
    for (int i = 0; i < 20; ++i) {
      turn(1);
      ASSERT_LE(server_->client_count(), 1u) << peers.size();
    }
  }
  turn(20);
  EXPECT_EQ(server_->client_count(), 0u);
}

TEST(AcceptOfSelectTest, ASocketThatSelectCannotWatchIsReported) {
  const tests::MostOpenFiles many;
  EventLoop loop(std::make_unique<selectors::SelectSelector>());
  std::vector<std::string> reports;
  loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    reports.push_back(context.message);
  });
  const auto serve = []() -> Coroutine<Server> {
    Socket socket(AF_INET, SOCK_STREAM);
    socket.bind(Address::ipv4("127.0.0.1", 0));
    const int high = ::fcntl(socket.fileno(), F_DUPFD_CLOEXEC, int{FD_SETSIZE});
    std::vector<Socket> sockets;
    sockets.push_back(Socket::from_fd(high));
    co_return co_await start_server(echo, std::move(sockets));
  };
  const Server server = run_until_complete(create_task(loop, serve()));
  for (int i = 0; i < 5; ++i) loop.run_once(0s);
  EXPECT_EQ(reports, std::vector<std::string>{
                         "accept() failed; the server tries again"});
  server.close();
  for (int i = 0; i < 5; ++i) loop.run_once(0s);
}

// ---- Peers that behave badly ----

TEST_P(AcceptTest, APeerThatResetsEndsItsClientOnly) {
  serve();
  const Stream good = connect();
  Socket bad = connect_peer();
  turn();
  bad.setsockopt(SOL_SOCKET, SO_LINGER, linger{1, 0});
  bad.close();
  turn(6);
  EXPECT_EQ(ask(good, "x\n"), "x\n");
  EXPECT_EQ(server_->client_count(), 1u);
  expected_reports_ = {"Unhandled exception in client callback"};
}

// A client may be connected to itself, if its own port is that of the server.
TEST_P(AcceptTest, SelfConnect) {
  Socket socket(AF_INET, SOCK_STREAM);
  socket.bind(Address::ipv4("127.0.0.1", 0));
  const Address self = socket.getsockname();
  ::connect(socket.fileno(), self.data(), static_cast<socklen_t>(self.size()));
  const Stream stream = make_stream(*loop_, std::move(socket));
  EXPECT_EQ(ask(stream, "echo\n"), "echo\n");
  stream.writer.write_eof();
  EXPECT_EQ(run(stream.reader.read()), "");
}

}  // namespace
}  // namespace loop

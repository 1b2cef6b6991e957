// Servers and connections. Tests of CPython's test_streams.py and
// test_server.py keep their names.

#include "loop/streams/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/kernel.h"
#include "loop/streams/open_connection.h"
#include "loop/tasks/sleep.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "selectors/select_selector.h"
#include "selectors/wait_limit.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using selectors::ValueError;
using selectors::WaitLimit;
using tests::FaultInjector;

Coroutine<> echo(StreamReader reader, StreamWriter writer) {
  while (const auto line = co_await reader.next_line()) {
    writer.write(*line);
    co_await writer.drain();
  }
}

// A server that echoes lines, at a port of its own.
class ServerTest : public StreamTest {
 protected:
  void TearDown() override {
    if (server_) {
      server_->close();
      server_->abort_clients();
      run(server_->wait_closed());
      server_.reset();
    }
    turn();
    StreamTest::TearDown();
  }
  void serve(ClientCallback callback = echo, ServerOptions options = {}) {
    const Address any = Address::ipv4("127.0.0.1", 0);
    server_ = run(start_server(std::move(callback), any, options));
    address_ = options.start_serving ? server_->addresses().at(0) : Address();
  }
  Stream connect() { return run(open_connection(address_)); }
  // Connects without the loop.
  Socket connect_peer() {
    Socket peer(AF_INET, SOCK_STREAM);
    ::connect(peer.fileno(), address_.data(),
              static_cast<socklen_t>(address_.size()));
    return peer;
  }
  std::string ask(const Stream& stream, const std::string& line) {
    stream.writer.write(line);
    return run(stream.reader.readline());
  }
  static FaultInjector::Predicate is_accept() {
    return [](const auto& call) {
      return FaultInjector::is(call, "accept4") ||
             FaultInjector::is(call, "accept");
    };
  }

  std::optional<Server> server_;
  Address address_;
};
INSTANTIATE_TEST_SUITE_P(Selectors, ServerTest, tests::all_selectors(),
                         tests::name_of);

// ---- Connections ----

TEST_P(ServerTest, OpenConnection) {
  serve();
  const Stream stream = connect();
  EXPECT_EQ(ask(stream, "hello\n"), "hello\n");
  EXPECT_EQ(stream.writer.getpeername(), address_);
  stream.writer.write_eof();
  EXPECT_EQ(run(stream.reader.read()), "") << "closed after the callback";
}

TEST_P(ServerTest, StructuredBindings) {
  serve();
  const auto talk = [](Address to) -> Coroutine<std::string> {
    const Stream stream = co_await open_connection(to);
    auto [reader, writer] = stream;
    writer.write("hi\n");
    co_return co_await reader.readline();
  };
  EXPECT_EQ(run(talk(address_)), "hi\n");
}

TEST_P(ServerTest, OpenConnectionByName) {
  serve();
  const Stream stream = run(open_connection("127.0.0.1", address_.port()));
  EXPECT_EQ(ask(stream, "hello\n"), "hello\n");
}

// The host "" has an address of each family, of which one is refused.
TEST_P(ServerTest, OpenConnectionTriesEachAddress) {
  serve();
  const Stream stream = run(open_connection("", address_.port()));
  EXPECT_EQ(stream.writer.getpeername(), address_);
  server_->close();
  try {
    run(open_connection("", address_.port()));
    ADD_FAILURE() << "no exception";
  } catch (const OSError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("127.0.0.1:"), std::string::npos) << text;
    EXPECT_NE(text.find("[::1]:"), std::string::npos) << text;
  }
}

// gh-135836: also of an attempt whose socket cannot be closed.
TEST_P(ServerTest, AFailingCloseDoesNotHideTheReason) {
  serve();
  server_->close();
  FaultInjector broken(FaultInjector::kAll, EIO, [](const auto& call) {
    return FaultInjector::is(call, "close");
  });
  EXPECT_EQ(error_of(open_connection("", address_.port())), ECONNREFUSED);
  EXPECT_TRUE(broken.fired());
}

// gh-153133: there, the protocol of a connected socket cannot be made. The
// fixture checks that the socket is closed.
TEST_P(ServerTest, AConnectedSocketThatCannotBeUsedIsClosed) {
  serve();
  const auto is_setsockopt = [](const auto& call) {
    return FaultInjector::is(call, "setsockopt");
  };
  for (const auto delay : {WaitLimit(), WaitLimit(250ms)}) {
    const FaultInjector fault(FaultInjector::kAll, ENOBUFS, is_setsockopt);
    const ConnectionOptions options = {.happy_eyeballs_delay = delay};
    EXPECT_EQ(error_of(open_connection(address_, options)), ENOBUFS);
    EXPECT_NE(error_of(open_connection("", address_.port(), options)), 0);
  }
  expected_reports_ = {"accept() failed; the server tries again"};
}

TEST_P(ServerTest, ARefusedConnection) {
  serve();
  server_->close();
  EXPECT_EQ(error_of(open_connection(address_)), ECONNREFUSED);
  EXPECT_EQ(error_of(open_connection("127.0.0.1", address_.port())),
            ECONNREFUSED);
}

TEST_P(ServerTest, LocalAddr) {
  serve();
  ConnectionOptions options;
  options.local_addr = Address::ipv4("127.0.0.2", 0);
  const Stream stream = run(open_connection(address_, options));
  EXPECT_EQ(stream.writer.getsockname().host(), "127.0.0.2");
}

TEST_P(ServerTest, ALimitIsThatOfTheReader) {
  ServerOptions options;
  options.limit = 4;
  serve(echo, options);
  const Stream stream = connect();
  stream.writer.write("too long\n");
  EXPECT_EQ(run(stream.reader.read()), "");
  expected_reports_ = {"Unhandled exception in client callback"};
}

// ---- Unix sockets ----

TEST_P(ServerTest, OpenUnixConnection) {
  // A path of a Unix socket must be short.
  const std::string path = "/tmp/server_test." + std::to_string(::getpid());
  const ServerOptions leaves = {.cleanup_socket = false};
  for (int i = 0; i < 2; ++i) {  // The second one replaces the old socket.
    const Server server = run(start_unix_server(echo, path, leaves));
    {
      const Stream stream = run(open_unix_connection(path));
      EXPECT_EQ(ask(stream, "unix\n"), "unix\n");
    }
    server.close();
    run(server.wait_closed());
  }
  tests::CallCounter calls;
  run(start_unix_server(echo, path, leaves)).close();
  for (const char* const name : {"stat", "unlink"}) {
    EXPECT_EQ(std::ranges::count(calls.names(), name), 1) << name;
  }
  ::unlink(path.c_str());
}

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

// ---- Serving ----

TEST_P(ServerTest, StartServer1) {
  ServerOptions options;
  options.start_serving = false;
  serve(echo, options);
  EXPECT_FALSE(server_->is_serving());
  server_->start_serving();
  EXPECT_TRUE(server_->is_serving());
  server_->start_serving();
  server_->close();
  server_->close();
  EXPECT_FALSE(server_->is_serving());
  EXPECT_TRUE(server_->addresses().empty());
  EXPECT_THROW(server_->start_serving(), RuntimeError);
  EXPECT_THROW(run(server_->serve_forever()), RuntimeError);
}

TEST_P(ServerTest, OptionsOutOfRangeAreNamed) {
  const auto refusal = [this](ServerOptions options, auto... where) {
    try {
      run(start_server(echo, std::move(where)..., options));
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const auto to = Address::ipv4("127.0.0.1", 0);
  EXPECT_EQ(refusal({.limit = 0}, to), "Limit cannot be <= 0");
  EXPECT_THROW(run(open_connection(to, {.limit = 0})), ValueError);
  EXPECT_THROW(run(open_connection("127.0.0.1", 1, {.limit = 0})), ValueError);
  EXPECT_THROW(make_stream(*loop_, Socket(AF_INET, SOCK_STREAM), 0),
               ValueError);
  for (const int number : {-1, std::numeric_limits<int>::min()}) {
    const ServerOptions backlog = {.backlog = number};
    EXPECT_EQ(refusal(backlog, to), "backlog must be >= 0");
    EXPECT_EQ(refusal(backlog, std::string("127.0.0.1"), std::uint16_t{0}),
              "backlog must be >= 0");
    EXPECT_EQ(refusal(backlog, std::vector<Socket>()), "backlog must be >= 0");
    const ServerOptions clients = {.max_clients = number + (number == -1)};
    EXPECT_EQ(refusal(clients, to), "max_clients must be >= 1");
  }
}

TEST_P(ServerTest, ClosingServeForever) {
  serve();
  const auto serving = start(server_->serve_forever());
  turn();
  EXPECT_THROW(run(server_->serve_forever()), RuntimeError);
  server_->close();
  turn();
  EXPECT_TRUE(serving.cancelled());
}

// gh-123720
TEST_P(ServerTest, CancelledServeForeverClosesTheClients) {
  bool saw_end = false;
  const auto wait = [&](StreamReader reader, StreamWriter) -> Coroutine<> {
    saw_end = (co_await reader.read(1)).empty();
  };
  serve(wait);
  const Stream silent = connect();
  const auto serving = start(server_->serve_forever());
  turn();
  EXPECT_EQ(server_->client_count(), 1u);
  serving.cancel();
  turn(6);
  EXPECT_TRUE(serving.cancelled());
  EXPECT_TRUE(saw_end);
}

TEST_P(ServerTest, WaitClosedBasic) {
  serve();
  const Stream stream = connect();
  EXPECT_EQ(ask(stream, "x\n"), "x\n");
  const auto closed = start(server_->wait_closed());
  turn();
  EXPECT_FALSE(closed.done());
  server_->close();
  turn();
  EXPECT_FALSE(closed.done()) << "a client is still served";
  EXPECT_EQ(ask(stream, "y\n"), "y\n");
  stream.writer.close();
  turn(6);
  EXPECT_TRUE(closed.done());
}

TEST_P(ServerTest, CloseClients) {
  serve();
  const Stream stream = connect();
  EXPECT_EQ(ask(stream, "x\n"), "x\n");
  server_->close_clients();
  EXPECT_EQ(run(stream.reader.read()), "");
  turn();
  EXPECT_EQ(server_->client_count(), 0u);
}

TEST_P(ServerTest, AbortClients) {
  const std::string much(1 << 22, 'x');
  const auto flood = [&much](StreamReader, StreamWriter to) -> Coroutine<> {
    to.write(much);
    co_return;
  };
  serve(flood);
  const Stream slow = connect();
  turn();
  EXPECT_EQ(server_->client_count(), 1u) << "data are unsent";
  server_->abort_clients();
  turn();
  EXPECT_EQ(server_->client_count(), 0u);
}

TEST_P(ServerTest, AnExceptionOfTheCallbackIsReported) {
  const auto fail = [](StreamReader, StreamWriter to) -> Coroutine<> {
    to.write("so far\n");
    throw std::runtime_error("oops");
    co_return;
  };
  serve(fail);
  const Stream stream = connect();
  EXPECT_EQ(run(stream.reader.read()), "so far\n");
  expected_reports_ = {"Unhandled exception in client callback"};
}

TEST_P(ServerTest, AServerServesWithoutAHandle) {
  serve();
  server_.reset();
  const Stream stream = connect();
  EXPECT_EQ(ask(stream, "x\n"), "x\n");
  expected_reports_ = {};
  loop_->set_exception_handler([](EventLoop&, const ExceptionContext&) {});
}

TEST_P(ServerTest, ALoopThatClosesEndsItsServers) {
  serve();
  const Stream stream = connect();
  turn();
  loop_->set_exception_handler([](EventLoop&, const ExceptionContext&) {});
  loop_->close();
  server_.reset();
  stream_.reset();
  loop_.emplace(make_selector());
}

// ---- accept(2) ----

// gh-90871
TEST_P(ServerTest, AcceptTakesBacklogAndOneMore) {
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
TEST_P(ServerTest, ABacklogOf0AcceptsAClientPerIteration) {
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
TEST_P(ServerTest, AnAbortedConnectionDoesNotEndTheTurn) {
  serve();
  turn();
  FaultInjector aborted(1, ECONNABORTED, is_accept());
  const Socket first = connect_peer();
  const Socket second = connect_peer();
  turn(2);
  EXPECT_TRUE(aborted.fired());
  EXPECT_EQ(server_->client_count(), 2u);
}

TEST_P(ServerTest, WithoutDescriptorsAcceptBacksOff) {
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

TEST_P(ServerTest, MaxClients) {
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
TEST_P(ServerTest, MaxClientsOfSeveralSockets) {
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

TEST_P(ServerTest, AnAddressThatTheMachineLacksIsPassedOver) {
  const auto addresses_with = [this](const char* call, int nth, int error) {
    const FaultInjector fault(nth, error, [call](const auto& each) {
      return FaultInjector::is(each, call);
    });
    try {
      const Server server = run(start_server(echo, "", 0));
      const std::size_t count = server.addresses().size();
      server.close();
      turn();
      return count;
    } catch (const OSError&) {
      return std::size_t{0};
    }
  };
  const std::size_t all = addresses_with("none", 1, 0);
  if (all < 2) GTEST_SKIP() << "\"\" has one address";
  EXPECT_EQ(addresses_with("socket", 1, EAFNOSUPPORT), all - 1);
  EXPECT_EQ(addresses_with("bind", 2, EADDRNOTAVAIL), all - 1);
  EXPECT_EQ(addresses_with("bind", FaultInjector::kAll, EADDRNOTAVAIL), 0u);
  EXPECT_EQ(addresses_with("bind", 1, EADDRINUSE), 0u);
}

// A resolver that gives each address twice, as glibc does for `localhost` if
// /etc/hosts names it in two lines.
class RepeatingResolver : public selectors::kernel::Interceptor {
 public:
  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    if (call.syscall.name != std::string("getaddrinfo")) return std::nullopt;
    addrinfo** last = reinterpret_cast<addrinfo**>(call.args[3]);
    for (int i = 0; i < 2; ++i) {
      const int code =
          ::getaddrinfo(reinterpret_cast<const char*>(call.args[0]),
                        reinterpret_cast<const char*>(call.args[1]),
                        reinterpret_cast<const addrinfo*>(call.args[2]), last);
      if (code != 0) return code;
      while (*last != nullptr) last = &(*last)->ai_next;
    }
    return 0;
  }
  void leave(const selectors::kernel::Call&) override {}
};

TEST_P(ServerTest, AnAddressThatTheResolverRepeatsIsBoundOnce) {
  const RepeatingResolver resolver;
  server_ = run(start_server(echo, "127.0.0.1", 0));
  EXPECT_EQ(server_->addresses().size(), 1u);
}

TEST_P(ServerTest, AServerMayOutliveItsLoop) {
  serve(echo, {.start_serving = false});
  const Server other = *server_;
  server_.reset();
  loop_.emplace(make_selector());
  EXPECT_THROW(other.start_serving(), RuntimeError);
  other.close();
}

// The last client owns the server.
TEST_P(ServerTest, AServerWithoutHandlesEndsWithItsLoop) {
  serve();
  const Stream stream = connect();
  EXPECT_EQ(ask(stream, "hello\n"), "hello\n");
  server_.reset();
  loop_.emplace(make_selector());
  expected_reports_ = reports_;
}

TEST(ServerOfSelectTest, ASocketThatSelectCannotWatchIsReported) {
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

TEST_P(ServerTest, ReusePort) {
  ServerOptions options;
  options.reuse_port = true;
  serve(echo, options);
  const Server other = run(start_server(echo, address_, options));
  other.close();
  run(other.wait_closed());
  // Linux refuses it for Unix sockets, so that it is not asked for.
  const Address unix_address = Address::abstract("streams_server_test");
  const Server unix_server = run(start_server(echo, unix_address, options));
  unix_server.close();
  run(unix_server.wait_closed());
}

// ---- Peers that behave badly ----

TEST_P(ServerTest, APeerThatResetsEndsItsClientOnly) {
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
TEST_P(ServerTest, SelfConnect) {
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

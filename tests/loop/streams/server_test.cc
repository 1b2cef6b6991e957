// Servers and connections. Tests of CPython's test_streams.py and
// test_server.py keep their names.

#include "loop/streams/server.h"

#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/streams/open_connection.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "selectors/wait_limit.h"
#include "tests/loop/streams/server_fixture.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using selectors::ValueError;
using selectors::WaitLimit;
using tests::FaultInjector;

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

TEST_P(ServerTest, StartServerOfABoundSocket) {
  Socket socket(AF_INET, SOCK_STREAM);
  socket.bind(Address::ipv4("127.0.0.1", 0));
  address_ = socket.getsockname();
  server_ = run(start_server(echo, std::move(socket)));
  EXPECT_EQ(ask(connect(), "hello\n"), "hello\n");
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
  const Stream silent = connect();
  server_->close();
  turn(6);
  EXPECT_TRUE(serving.cancelled());
  EXPECT_EQ(server_->client_count(), 0u) << "closed by serve_forever()";
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

}  // namespace
}  // namespace loop

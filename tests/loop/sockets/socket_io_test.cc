// Operations that wait for a socket. Tests that CPython has are named as in
// Lib/test/test_asyncio/test_sock_lowlevel.py.

#include "loop/sockets/socket_io.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/futures/errors.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "loop/tasks/gather.h"
#include "selectors/kernel/call.h"
#include "tests/loop/sockets/sockets_fixture.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using tests::CallCounter;
using tests::FaultInjector;

class SockLowlevelTest : public SocketsTest {};
INSTANTIATE_TEST_SUITE_P(Selectors, SockLowlevelTest, tests::all_selectors(),
                         tests::name_of);

FaultInjector::Predicate only(const char* name) {
  return [name](const Call& call) { return FaultInjector::is(call, name); };
}

std::size_t count_of(const CallCounter& calls, std::string_view name) {
  return static_cast<std::size_t>(
      std::count(calls.names().begin(), calls.names().end(), name));
}

Socket datagram_socket() {
  Socket socket(AF_INET, SOCK_DGRAM);
  socket.bind(Address::ipv4("127.0.0.1", 0));
  return socket;
}

// Sends until the socket takes no more.
void fill(const Socket& socket) {
  const std::string block(1 << 16, 'x');
  while (::send(socket.fileno(), block.data(), block.size(), 0) > 0) {
  }
}

// Receives all that has arrived.
std::size_t drain(const Socket& socket) {
  std::string block(1 << 16, '\0');
  std::size_t total = 0;
  for (;;) {
    const ssize_t count =
        ::recv(socket.fileno(), block.data(), block.size(), 0);
    if (count <= 0) return total;
    total += static_cast<std::size_t>(count);
  }
}

// ---- Connecting and accepting ----

Coroutine<std::string> ask(Socket& socket, const Address& server) {
  co_await sock_connect(socket, server);
  co_await sock_sendall(socket, "GET / HTTP/1.0\r\n\r\n");
  std::string answer;
  for (;;) {
    const std::string part = co_await sock_recv(socket, 1024);
    if (part.empty()) co_return answer;
    answer += part;
  }
}

Coroutine<std::string> answer_one(Socket& server) {
  auto accepted = co_await sock_accept(server);
  Socket& client = accepted.first;
  std::string question = co_await sock_recv(client, 1024);
  co_await sock_sendall(client, "HTTP/1.0 200 OK\r\n\r\n");
  co_await sock_sendall(client, std::as_bytes(std::span("Test message", 12)));
  co_return question;
}

TEST_P(SockLowlevelTest, SockClientOps) {
  Socket server = listener();
  Socket client(AF_INET, SOCK_STREAM);
  const auto answering = start(answer_one(server));
  EXPECT_EQ(run(ask(client, server.getsockname())),
            "HTTP/1.0 200 OK\r\n\r\nTest message");
  EXPECT_EQ(run_until_complete(answering), "GET / HTTP/1.0\r\n\r\n");
}

TEST_P(SockLowlevelTest, UnixSockClientOps) {
  Socket server(AF_UNIX, SOCK_STREAM);
  const Address address =
      Address::abstract("selectors-io-" + std::to_string(::getpid()));
  server.bind(address);
  server.listen();
  Socket client(AF_UNIX, SOCK_STREAM);
  const auto answering = start(answer_one(server));
  EXPECT_EQ(run(ask(client, address)), "HTTP/1.0 200 OK\r\n\r\nTest message");
  EXPECT_TRUE(answering.done());
}

TEST_P(SockLowlevelTest, SockClientFail) {
  Socket server = listener();
  const Address nobody = server.getsockname();
  server.close();
  Socket client(AF_INET, SOCK_STREAM);
  try {
    run(sock_connect(client, nobody));
    ADD_FAILURE() << "connected to nobody";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code().value(), ECONNREFUSED);
    EXPECT_EQ(std::string(error.what()).find("connect to " + nobody.repr()),
              0u);
  }
}

TEST_P(SockLowlevelTest, SockAccept) {
  Socket server = listener();
  auto accepting = start(sock_accept(server));
  turn();
  EXPECT_FALSE(accepting.done());
  const Socket client = client_of(server);
  const auto [connection, address] = run_until_complete(std::move(accepting));
  EXPECT_EQ(address, client.getsockname());
  EXPECT_EQ(connection.getpeername(), client.getsockname());
}

// The next client does not keep the loop busy, though nobody waits.
TEST_P(SockLowlevelTest, CancelSockAccept) {
  Socket server = listener();
  auto accepting = start(sock_accept(server));
  turn();
  accepting.cancel();
  EXPECT_THROW(run_until_complete(accepting), CancelledError);
  const Socket client = client_of(server);
  turn();
  EXPECT_FALSE(has_reader(server));
}

// gh-153761: a client that has come is the next one's, however late the first
// is cancelled; or the first has got it.
TEST_P(SockLowlevelTest, CancelSockAcceptLosesNoClient) {
  for (int turns = 0; turns < 4; ++turns) {
    Socket server = listener();
    auto first = start(sock_accept(server));
    turn();
    const Socket client = client_of(server);
    turn(turns);
    const bool has_it = !first.cancel();
    turn();
    const auto got = has_it ? run_until_complete(std::move(first))
                            : run(sock_accept(server));
    EXPECT_EQ(got.second, client.getsockname()) << turns;
  }
}

TEST_P(SockLowlevelTest, AcceptPassesOverAbortedConnections) {
  Socket server = listener();
  const Socket client = client_of(server);
  const FaultInjector fault(1, ECONNABORTED, only("accept4"));
  const auto [connection, address] = run(sock_accept(server));
  EXPECT_TRUE(fault.fired());
  EXPECT_EQ(address, client.getsockname());
}

TEST_P(SockLowlevelTest, AcceptWithoutDescriptorsLeavesTheClient) {
  Socket server = listener();
  const Socket client = client_of(server);
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    const FaultInjector fault(1, error, only("accept4"));
    EXPECT_EQ(error_of(sock_accept(server)), error);
  }
  EXPECT_EQ(run(sock_accept(server)).second, client.getsockname());
}

// The connection is there, or refused, already when connect(2) returns.
TEST_P(SockLowlevelTest, ConnectAtOnce) {
  Socket server(AF_UNIX, SOCK_STREAM);
  const Address address =
      Address::abstract("selectors-io-" + std::to_string(::getpid()));
  Socket client(AF_UNIX, SOCK_STREAM);
  EXPECT_EQ(error_of(sock_connect(client, address)), ECONNREFUSED);
  server.bind(address);
  server.listen();
  const CallCounter calls;
  run(sock_connect(client, address));
  EXPECT_EQ(count_of(calls, "connect"), 1u);
  EXPECT_EQ(count_of(calls, "getsockopt"), 0u);
}

// Such a socket looks writable, and its SO_ERROR is 0.
TEST_P(SockLowlevelTest, ConnectToAFullUnixQueueIsNoConnection) {
  Socket server(AF_UNIX, SOCK_STREAM);
  const Address address =
      Address::abstract("selectors-io-" + std::to_string(::getpid()));
  server.bind(address);
  server.listen(0);
  Socket first(AF_UNIX, SOCK_STREAM);
  run(sock_connect(first, address));
  Socket second(AF_UNIX, SOCK_STREAM);
  EXPECT_EQ(error_of(sock_connect(second, address)), EAGAIN);
  run(sock_accept(server));
  run(sock_connect(second, address));  // Now there is room.
}

// A connect(2) that a signal interrupts goes on: it is not called again.
TEST_P(SockLowlevelTest, ConnectGoesOnAfterASignal) {
  class Interrupt : public selectors::kernel::Interceptor {
   public:
    std::optional<selectors::kernel::Word> enter(const Call& call) override {
      if (!FaultInjector::is(call, "connect")) return std::nullopt;
      ++count;
      ::connect(static_cast<int>(call.args[0]),
                reinterpret_cast<const sockaddr*>(call.args[1]),
                static_cast<socklen_t>(call.args[2]));
      errno = EINTR;
      return -1;
    }
    void leave(const Call&) override {}
    int count = 0;
  };
  Socket server = listener();
  Socket client(AF_INET, SOCK_STREAM);
  Interrupt interrupt;
  run(sock_connect(client, server.getsockname()));
  EXPECT_EQ(interrupt.count, 1);
  EXPECT_EQ(client.getpeername(), server.getsockname());
}

// The socket of a datagram has its peer at once.
TEST_P(SockLowlevelTest, ConnectADatagramSocket) {
  Socket peer = datagram_socket();
  Socket socket = datagram_socket();
  run(sock_connect(socket, peer.getsockname()));
  EXPECT_EQ(socket.getpeername(), peer.getsockname());
}

// ---- Streams ----

TEST_P(SockLowlevelTest, RecvReturnsWhatIsThere) {
  auto [a, b] = socketpair();
  run(sock_sendall(b, "hello"));
  EXPECT_EQ(run(sock_recv(a, 2)), "he");
  EXPECT_EQ(run(sock_recv(a, 100)), "llo");
  run(sock_sendall(b, "long"));
  EXPECT_EQ(run(sock_recv(a, 1 << 20)), "long");
  b.close();
  EXPECT_EQ(run(sock_recv(a, 100)), "");
}

// I/O comes first: neither call needs the selector.
TEST_P(SockLowlevelTest, ReadyOperationsDoNotWait) {
  auto [a, b] = socketpair();
  const auto exchange = [](Socket& from, Socket& to) -> Coroutine<> {
    co_await sock_sendall(from, "hello");
    co_await sock_recv(to, 100);
  };
  const CallCounter calls;
  const auto task = start(exchange(a, b));
  turn(1);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(count_of(calls, "send"), 1u);
  EXPECT_EQ(count_of(calls, "recv"), 1u);
}

TEST_P(SockLowlevelTest, RecvInto) {
  auto [a, b] = socketpair();
  std::array<char, 4> chars{};
  std::array<std::byte, 4> bytes{};
  const auto task = start(sock_recv_into(a, chars));
  turn();
  EXPECT_FALSE(task.done());
  run(sock_sendall(b, "hello"));
  EXPECT_EQ(run_until_complete(task), 4u);
  EXPECT_EQ(std::string_view(chars.data(), 4), "hell");
  EXPECT_EQ(run(sock_recv_into(a, bytes)), 1u);
  EXPECT_EQ(bytes[0], std::byte{'o'});
  b.close();
  EXPECT_EQ(run(sock_recv_into(a, bytes)), 0u);
}

TEST_P(SockLowlevelTest, RecvOfNoBytesDoesNotWait) {
  auto [a, b] = socketpair();
  EXPECT_EQ(run(sock_recv(a, 0)), "");
  EXPECT_EQ(run(sock_recv_into(a, std::span<char>())), 0u);
  run(sock_sendall(b, "x"));
  EXPECT_EQ(run(sock_recv(a, 0)), "");
  EXPECT_EQ(run(sock_recv(a, 9)), "x") << "nothing was taken";
}

// A second reader gets the data that the first, cancelled one did not.
TEST_P(SockLowlevelTest, SockRecvRacing) {
  for (int turns = 0; turns < 3; ++turns) {
    auto [a, b] = socketpair();
    auto first = start(sock_recv(a, 100));
    turn();
    run(sock_sendall(b, "x"));
    turn(turns);
    if (first.cancel()) {
      EXPECT_EQ(run(sock_recv(a, 100)), "x") << turns;
    } else {
      EXPECT_EQ(run_until_complete(first), "x") << turns;
    }
  }
}

TEST_P(SockLowlevelTest, SockSendRacing) {
  auto [a, b] = socketpair();
  fill(a);
  auto first = start(sock_sendall(a, "lost"));
  turn();
  first.cancel();
  EXPECT_THROW(run_until_complete(first), CancelledError);
  drain(b);
  run(sock_sendall(a, "hello"));
  EXPECT_EQ(run(sock_recv(b, 100)), "hello");
}

TEST_P(SockLowlevelTest, OneReaderAtATime) {
  auto [a, b] = socketpair();
  const auto first = start(sock_recv(a, 100));
  turn();
  EXPECT_THROW(run(sock_recv(a, 100)), RuntimeError);
  run(sock_sendall(a, "a writer is something else"));
  run(sock_sendall(b, "x"));
  EXPECT_EQ(run_until_complete(first), "x");
}

TEST_P(SockLowlevelTest, HugeContent) {
  auto [a, b] = socketpair();
  std::string data(4 << 20, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * 31);
  }
  const auto receive = [](Socket& from,
                          std::size_t size) -> Coroutine<std::string> {
    std::string all;
    while (all.size() < size) all += co_await sock_recv(from, 1 << 16);
    co_return all;
  };
  const auto sending = start(sock_sendall(a, data));
  EXPECT_EQ(run(receive(b, data.size())), data);
  EXPECT_TRUE(sending.done());
}

// Each part that send(2) takes is followed by a wait, not by a call that would
// block.
TEST_P(SockLowlevelTest, SendallWaitsAfterAPart) {
  auto [a, b] = socketpair();
  const std::string data(4 << 20, 'x');
  const auto sending = start(sock_sendall(a, data));
  const CallCounter calls;
  turn();
  EXPECT_EQ(count_of(calls, "send"), 1u);
  std::size_t received = drain(b);
  while (!sending.done()) {
    turn();
    received += drain(b);
  }
  EXPECT_EQ(received, data.size());
}

TEST_P(SockLowlevelTest, CloseDuringTheWait) {
  auto [a, b] = socketpair();
  auto [c, d] = socketpair();
  fill(c);
  const auto receiving = start(sock_recv(a, 100));
  const auto sending = start(sock_sendall(c, "x"));
  turn();
  a.close();
  c.close();
  EXPECT_EQ(error_of(receiving), EBADF);
  EXPECT_EQ(error_of(sending), EBADF);
}

TEST_P(SockLowlevelTest, APeerThatIsGoneIsAnError) {
  auto [a, b] = socketpair();
  b.close();
  EXPECT_EQ(error_of(sock_sendall(a, "x")), EPIPE);  // And no SIGPIPE.
  auto [c, d] = socketpair();
  fill(c);
  const auto sending = start(sock_sendall(c, "x"));
  turn();
  d.close();
  const int error = error_of(sending);
  EXPECT_TRUE(error == EPIPE || error == ECONNRESET) << error;
}

TEST_P(SockLowlevelTest, AResetIsAnError) {
  Socket server = listener();
  Socket client = client_of(server);
  auto connection = run(sock_accept(server)).first;
  client.setsockopt(SOL_SOCKET, SO_LINGER, linger{1, 0});
  const auto receiving = start(sock_recv(connection, 100));
  turn();
  client.close();
  EXPECT_EQ(error_of(receiving), ECONNRESET);
}

TEST_P(SockLowlevelTest, AClosedSocket) {
  Socket closed;
  EXPECT_EQ(error_of(sock_accept(closed)), EBADF);
  EXPECT_EQ(error_of(sock_connect(closed, Address::ipv4("127.0.0.1", 1))),
            EBADF);
  EXPECT_EQ(error_of(sock_recv(closed, 1)), EBADF);
  EXPECT_EQ(error_of(sock_sendall(closed, "x")), EBADF);
}

// ---- Datagrams ----

TEST_P(SockLowlevelTest, DatagramRecvfrom) {
  Socket server = datagram_socket();
  Socket client = datagram_socket();
  const std::string data(4096, 'x');
  const auto receiving = start(sock_recvfrom(server, 8192));
  turn();
  EXPECT_EQ(run(sock_sendto(client, data, server.getsockname())), data.size());
  const auto [received, sender] = run_until_complete(receiving);
  EXPECT_EQ(received, data);
  EXPECT_EQ(sender, client.getsockname());
}

TEST_P(SockLowlevelTest, DatagramRecvfromInto) {
  Socket server = datagram_socket();
  Socket client = datagram_socket();
  std::array<char, 3> buffer{};
  run(sock_sendto(client, "hello", server.getsockname()));
  run(sock_sendto(client, std::as_bytes(std::span("bytes", 5)),
                  server.getsockname()));
  for (const char* const text : {"hel", "byt"}) {  // The rest is cut off.
    const auto [count, sender] = run(sock_recvfrom_into(server, buffer));
    EXPECT_EQ(std::string_view(buffer.data(), count), text);
    EXPECT_EQ(sender, client.getsockname());
  }
}

TEST_P(SockLowlevelTest, DatagramSendtoBlocking) {
  auto [a, b] = socketpair(AF_UNIX, SOCK_DGRAM);
  const Address address =
      Address::abstract("selectors-io-" + std::to_string(::getpid()));
  b.bind(address);
  int sent = 0;
  while (::send(a.fileno(), "x", 1, 0) == 1) ++sent;
  const auto sending = start(sock_sendto(a, "last", address));
  turn();
  EXPECT_FALSE(sending.done());
  for (int i = 0; i < sent; ++i) run(sock_recvfrom(b, 10));
  EXPECT_EQ(run_until_complete(sending), 4u);
  EXPECT_EQ(run(sock_recvfrom(b, 10)).first, "last");
}

TEST_P(SockLowlevelTest, EmptyDatagrams) {
  Socket server = datagram_socket();
  Socket client = datagram_socket();
  EXPECT_EQ(run(sock_sendto(client, "", server.getsockname())), 0u);
  const auto [received, sender] = run(sock_recvfrom(server, 10));
  EXPECT_EQ(received, "");
  EXPECT_EQ(sender, client.getsockname());
  run(sock_connect(client, server.getsockname()));
  run(sock_sendall(client, ""));
  EXPECT_EQ(run(sock_recvfrom(server, 10)).second, client.getsockname());
}

TEST_P(SockLowlevelTest, ADatagramThatIsTooLong) {
  Socket socket = datagram_socket();
  const std::string data(1 << 20, 'x');
  EXPECT_EQ(error_of(sock_sendto(socket, data, socket.getsockname())),
            EMSGSIZE);
}

// ---- Signals and refusals of the kernel ----

// A system call that a signal interrupts is made again.
TEST_P(SockLowlevelTest, SignalsInterruptNothing) {
  Socket server = datagram_socket();
  Socket listening = listener();
  const Socket client = client_of(listening);
  auto [a, b] = socketpair();
  const auto interrupted = [&](const char* call, auto operation) {
    const FaultInjector fault(1, EINTR, only(call));
    EXPECT_EQ(error_of(std::move(operation)), 0) << call;
    EXPECT_TRUE(fault.fired()) << call;
  };
  interrupted("accept4", sock_accept(listening));
  interrupted("send", sock_sendall(a, "hello"));
  interrupted("recv", sock_recv(b, 100));
  interrupted("sendto", sock_sendto(server, "x", server.getsockname()));
  interrupted("recvfrom", sock_recvfrom(server, 100));
}

TEST_P(SockLowlevelTest, ErrorsNameTheCallAndTheDescriptor) {
  auto [a, b] = socketpair();
  const FaultInjector fault(1, ENOBUFS, only("send"));
  try {
    run(sock_sendall(a, "x"));
    ADD_FAILURE() << "no error";
  } catch (const OSError& error) {
    const std::string text = "send of fd " + std::to_string(a.fileno());
    EXPECT_EQ(std::string(error.what()).find(text), 0u) << error.what();
  }
}

}  // namespace
}  // namespace loop

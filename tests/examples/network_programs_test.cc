// The programs of chapter 8, with clients that behave well and badly.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A connection to a server on this machine, which blocks. A wait of more than a
// minute counts as the end of the connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval minute{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof(minute));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::connect(fd_, to, sizeof(address)), 0);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }

  // Sends all of `data`. Returns false if the server has closed.
  bool send(std::string_view data) const {
    while (!data.empty()) {
      const auto count = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (count < 0) return false;
      data.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void end() const { ::shutdown(fd_, SHUT_WR); }
  // Makes close() send a reset.
  void reset_at_close() const {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }

  // Receives `size` bytes, or fewer if the server closes before.
  std::string receive(std::size_t size) {
    while (received_.size() < size && receive_some()) {
    }
    return take(size);
  }
  // Receives a line with its end; "" if the server closes before.
  std::string receive_line() {
    std::size_t end;
    while ((end = received_.find('\n')) == received_.npos) {
      if (!receive_some()) return "";
    }
    return take(end + 1);
  }
  std::string receive_all() { return receive(std::size_t{64} << 20); }

 private:
  bool receive_some() {
    char bytes[65536];
    const auto count = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (count > 0) received_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }
  std::string take(std::size_t size) {
    std::string taken = received_.substr(0, size);
    received_.erase(0, taken.size());
    return taken;
  }

  int fd_;
  std::string received_;  // And not taken yet.
};

// A server program, which listens on a port that the system has chosen.
class Server {
 public:
  explicit Server(const std::string& name,
                  std::vector<std::string> arguments = {"0"})
      : program_(name, Stdin::kDevNull, {.arguments = std::move(arguments)}) {
    const std::string line = program_.read_line();
    EXPECT_THAT(line, StartsWith("listening on 127.0.0.1:"));
    port_ = static_cast<std::uint16_t>(std::stoul(line.substr(23)));
  }
  std::uint16_t port() const { return port_; }
  Program& program() { return program_; }

 private:
  Program program_;
  std::uint16_t port_ = 0;
};

std::string pattern(std::size_t size) {
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    data[i] = static_cast<char>('a' + i * i % 23);
  }
  return data;
}

// ---- Echo ----

class EchoServers : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Programs, EchoServers,
                         testing::Values("echo_selectors", "echo_callbacks",
                                         "echo_streams", "multicore_echo"),
                         [](const auto& test) { return test.param; });

TEST_P(EchoServers, SendBackAllBytesOfAllClients) {
  const Server server(GetParam());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(server.port()));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_TRUE(clients[i]->send("hello " + std::to_string(i)));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string expected = "hello " + std::to_string(i);
    EXPECT_EQ(clients[i]->receive(expected.size()), expected);
  }
}

// The client ends its side and reads on: everything comes back.
TEST_P(EchoServers, AnswerAfterAHalfClose) {
  const Server server(GetParam());
  Client client(server.port());
  const std::string data = pattern(100'000);
  ASSERT_TRUE(client.send(data));
  client.end();
  EXPECT_EQ(client.receive_all(), data);
}

// A client that sends more than the buffers of both kernels hold, and does not
// read, holds only itself up, and loses nothing.
TEST_P(EchoServers, AClientThatReadsLateHoldsNobodyUp) {
  const Server server(GetParam());
  Client late(server.port());
  const std::string data = pattern(std::size_t{16} << 20);
  std::thread sender([&] {
    late.send(data);
    late.end();
  });
  Client other(server.port());
  EXPECT_TRUE(other.send("hello"));
  EXPECT_EQ(other.receive(5), "hello");
  EXPECT_TRUE(late.receive_all() == data);
  sender.join();
}

TEST_P(EchoServers, SurviveAReset) {
  const Server server(GetParam());
  {
    Client client(server.port());
    client.reset_at_close();
    ASSERT_TRUE(client.send(pattern(100'000)));
  }
  Client other(server.port());
  ASSERT_TRUE(other.send("hello"));
  EXPECT_EQ(other.receive(5), "hello");
}

TEST(EchoClient, PrintsTheAnswers) {
  const Server server("echo_streams");
  Program client("echo_client", Stdin::kDevNull,
                 {.arguments = {std::to_string(server.port()), "one", "two"}});
  EXPECT_THAT(client.read_lines(), ElementsAre("one", "two"));
  EXPECT_EQ(client.wait().status, 0);
}

TEST(EchoClient, SaysWhyItCannotConnect) {
  std::uint16_t port = 0;
  { port = Server("echo_streams").port(); }
  Program client("echo_client", Stdin::kDevNull,
                 {.arguments = {std::to_string(port)}});
  EXPECT_THAT(client.read_error_line(),
              HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_EQ(client.wait().status, 1);
}

// ---- Chat ----

TEST(ChatServer, TellsEverybodyEverything) {
  const Server server("chat_server");
  Client ada(server.port());
  EXPECT_EQ(ada.receive_line(), "What is your name?\n");
  ASSERT_TRUE(ada.send("Ada\r\n"));
  EXPECT_EQ(ada.receive_line(), "Ada is here\n");
  {
    Client bob(server.port());
    bob.receive_line();
    ASSERT_TRUE(bob.send("Bob\n"));
    EXPECT_EQ(ada.receive_line(), "Bob is here\n");
    EXPECT_EQ(bob.receive_line(), "Bob is here\n");
    ASSERT_TRUE(ada.send("hel"));  // In two parts.
    ASSERT_TRUE(ada.send("lo\n"));
    EXPECT_EQ(bob.receive_line(), "Ada: hello\n");
    EXPECT_EQ(ada.receive_line(), "Ada: hello\n");
  }
  EXPECT_EQ(ada.receive_line(), "Bob has left\n");
}

// The server keeps a bounded number of bytes for a client that does not read.
TEST(ChatServer, DisconnectsAClientThatReadsNothing) {
  const Server server("chat_server");
  Client slow(server.port());
  ASSERT_TRUE(slow.send("Slow\n"));
  EXPECT_EQ(slow.receive_line(), "What is your name?\n");
  EXPECT_EQ(slow.receive_line(), "Slow is here\n");
  Client ada(server.port());
  ada.receive_line();
  ASSERT_TRUE(ada.send("Ada\n"));
  const std::string line = pattern(50'000) + "\n";
  bool has_left = false;
  for (int i = 0; i < 1000 && !has_left; ++i) {
    ASSERT_TRUE(ada.send(line));
    for (;;) {
      const std::string answer = ada.receive_line();
      ASSERT_NE(answer, "");
      has_left = has_left || answer == "Slow has left\n";
      if (answer == "Ada: " + line) break;
    }
  }
  EXPECT_TRUE(has_left);
}

// A client is disconnected while the lines of another one are passed on.
TEST(ChatServer, WritesNothingToAClientThatIsDisconnected) {
  Server server("chat_server");
  Client slow(server.port());
  ASSERT_TRUE(slow.send("Slow\n"));
  EXPECT_EQ(slow.receive_line(), "What is your name?\n");
  EXPECT_EQ(slow.receive_line(), "Slow is here\n");
  Client ada(server.port());
  ASSERT_TRUE(ada.send("Ada\n"));
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::to_string(i) + "\n";
  std::string line;
  while (line != "Slow has left\n") {
    ASSERT_TRUE(ada.send(lines));
    do {
      line = ada.receive_line();
      ASSERT_NE(line, "");
    } while (line != "Slow has left\n" && line != "Ada: 999\n");
  }
  EXPECT_THAT(server.program().error_lines_so_far(), testing::IsEmpty());
}

// ---- HTTP ----

class HttpServer : public testing::Test {
 protected:
  // Sends a request and returns all that comes back until the server closes.
  std::string ask(std::string_view request) const {
    Client client(server_.port());
    EXPECT_TRUE(client.send(request));
    client.end();
    return client.receive_all();
  }
  static std::string ok(std::string_view body, std::string_view connection) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + std::string(connection) +
           "\r\n" + std::string(body);
  }

  Server server_{"http_server"};
};

TEST_F(HttpServer, AnswersAndKeepsTheConnection) {
  Client client(server_.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    const std::string expected = ok("Hello!\n", "");
    EXPECT_EQ(client.receive(expected.size()), expected);
  }
}

TEST_F(HttpServer, ClosesIfTheClientAsksForIt) {
  const std::string closing = ok("Hello!\n", "Connection: close\r\n");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"), closing);
  EXPECT_EQ(ask("GET / HTTP/1.0\r\n\r\n"), closing);
  EXPECT_EQ(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            ok("Hello!\n", ""));
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\none"
                "GET / HTTP/1.1\r\n\r\n"
                "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\ntwo"),
            ok("one", "") + ok("Hello!\n", "") + ok("two", ""));
}

TEST_F(HttpServer, ReadsARequestByteByByte) {
  Client client(server_.port());
  for (const char byte :
       std::string("POST /echo HTTP/1.1\r\ncontent-length:  2 \r\n\r\nab")) {
    ASSERT_TRUE(client.send({&byte, 1}));
  }
  const std::string expected = ok("ab", "");
  EXPECT_EQ(client.receive(expected.size()), expected);
}

TEST_F(HttpServer, SendsManyBytes) {
  const std::string answer =
      ask("GET /bytes/10000000 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 10000000\r\n"));
  EXPECT_EQ(std::count(answer.begin(), answer.end(), 'x'), 10'000'001)
      << "text/plain has one";
}

TEST_F(HttpServer, AnswersHeadWithTheHeadAlone) {
  const auto head = [](std::string_view target) {
    return "HEAD " + std::string(target) + " HTTP/1.1\r\n\r\n";
  };
  const std::string answer =
      ask(head("/") + head("/bytes/5") + head("/x") + "GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(answer, testing::EndsWith(ok("Hello!\n", "")));
  EXPECT_EQ(std::count(answer.begin(), answer.end(), '!'), 1);
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 5\r\n\r\nHTTP/1.1 404 "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 14\r\n\r\nHTTP/1.1 200 "));
}

TEST_F(HttpServer, TellsThatItWantsTheBody) {
  Client client(server_.port());
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n"
                  "Expect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.receive(25), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("ab"));
  const std::string expected = ok("ab", "");
  EXPECT_EQ(client.receive(expected.size()), expected);
}

TEST_F(HttpServer, RefusesWhatItDoesNotServe) {
  struct Case {
    std::string request;
    std::string status;
  };
  const std::vector<Case> cases = {
      {"GET /other HTTP/1.1\r\n\r\n", "404 Not Found"},
      {"GET /bytes/1000000001 HTTP/1.1\r\n\r\n", "404 Not Found"},
      {"GET /bytes/-1 HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET /bytes/9x HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET / SPDY\r\n\r\n", "505 HTTP Version Not Supported"},
      {"hello\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request"},
      {"DELETE / HTTP/1.1\r\n\r\n", "405 Method Not Allowed"},
      {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "501 Not Implemented"},
      {"POST /echo HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n",
       "413 Content Too Large"},
      {"GET / HTTP/1.1\r\nLong: " + std::string(70'000, 'x'),
       "431 Request Header Fields Too Large"},
  };
  for (const auto& [request, status] : cases) {
    EXPECT_THAT(ask(request), StartsWith("HTTP/1.1 " + status + "\r\n"))
        << request.substr(0, 80);
  }
  EXPECT_EQ(ask("GET / HTT"), "") << "an incomplete request";
}

// ---- Proxy, port scan ----

TEST(Proxy, PassesOnBothDirectionsAndTheirEnds) {
  const Server echo("echo_streams");
  const Server proxy("proxy", {"0", "127.0.0.1", std::to_string(echo.port())});
  Client client(proxy.port());
  const std::string data = pattern(300'000);
  ASSERT_TRUE(client.send(data));
  client.end();
  EXPECT_EQ(client.receive_all(), data);
}

TEST(Proxy, ClosesIfTheTargetIsGone) {
  std::uint16_t port = 0;
  { port = Server("echo_streams").port(); }
  const Server proxy("proxy", {"0", "127.0.0.1", std::to_string(port)});
  Client client(proxy.port());
  EXPECT_EQ(client.receive_all(), "");
}

TEST(PortScan, FindsTheOpenPort) {
  const Server server("echo_streams");
  const unsigned port = server.port();
  Program scan("port_scan", Stdin::kDevNull,
               {.arguments = {"127.0.0.1", std::to_string(port - 50),
                              std::to_string(port + 50)}});
  EXPECT_THAT(scan.read_lines(),
              testing::Contains(std::to_string(port) + " is open"));
  EXPECT_EQ(scan.wait().status, 0);
}

TEST(UdpEcho, SendsEachDatagramBackToItsSender) {
  const Server server("udp_echo");
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(::connect(fd, to, sizeof(address)), 0);
  for (const std::string_view text : {"one", "", "three"}) {
    ASSERT_EQ(::send(fd, text.data(), text.size(), 0), ssize_t(text.size()));
    char answer[16];
    ASSERT_EQ(::recv(fd, answer, sizeof(answer), 0), ssize_t(text.size()));
    EXPECT_EQ(std::string_view(answer, text.size()), text);
  }
  ::close(fd);
}

// ---- The measurement ----

TEST(C10k, MeasuresBothServers) {
  Program program("c10k", Stdin::kDevNull, {.arguments = {"200", "10", "500"}});
  const std::vector<std::string> lines = program.read_lines();
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_THAT(lines[1], StartsWith("epoll"));
  EXPECT_THAT(lines[2], StartsWith("streams"));
  EXPECT_THAT(lines[7], StartsWith("processor time per request"));
  EXPECT_EQ(program.wait().status, 0);
}

}  // namespace
}  // namespace examples

// The programs of the chapter "Sockets" of loop/README.md.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>

#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/runners/runner.h"
#include "loop/sockets/address.h"
#include "loop/sockets/getaddrinfo.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"
#include "tests/support/readme.h"

namespace {

// ---- As in the README ----

loop::Coroutine<> echo(loop::Socket client) {
  for (;;) {
    const std::string data = co_await loop::sock_recv(client, 4096);
    if (data.empty()) co_return;  // The client has ended.
    co_await loop::sock_sendall(client, data);
  }
}

loop::Coroutine<> serve(loop::Socket& server) {
  for (;;) {
    auto accepted = co_await loop::sock_accept(server);
    loop::create_task(echo(std::move(accepted.first)));
  }
}

loop::Coroutine<std::string> ask(std::string host, std::uint16_t port) {
  const loop::AddressHints hints = {.type = SOCK_STREAM};
  const auto answers = co_await loop::getaddrinfo(host, port, hints);
  loop::Socket socket(answers[0].family, answers[0].type);
  co_await loop::sock_connect(socket, answers[0].address);
  co_await loop::sock_sendall(socket, "hello");
  co_return co_await loop::sock_recv(socket, 4096);
}

// ---- What they do ----

loop::Coroutine<std::string> ask_server() {
  loop::Socket server(AF_INET, SOCK_STREAM);
  server.bind(loop::Address::ipv4("127.0.0.1", 0));
  server.listen();
  auto serving = loop::create_task(serve(server));
  const std::string answer =
      co_await ask("127.0.0.1", server.getsockname().port());
  serving.cancel();
  const auto outcome = co_await loop::outcome_of(serving);
  EXPECT_TRUE(outcome.exception());
  co_return answer;
}

TEST(ReadmeSocketsTest, Echo) { EXPECT_EQ(loop::run(ask_server()), "hello"); }

// ---- That they are the same ----

TEST(ReadmeSocketsTest, ShowsWhatIsTestedHere) {
  const std::string source =
      tests::text_of("tests/loop/sockets/readme_sockets_test.cc");
  const auto programs = tests::programs_of("loop/README.md", "Sockets");
  for (const std::string& program : programs) {
    EXPECT_NE(source.find(program), source.npos) << program;
  }
  EXPECT_EQ(programs.size(), 2u);
}

}  // namespace

// Tests that what_is_it agrees with the rows of DESCRIPTORS.md.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/examples/run_program.h"
#include "tests/selectors/descriptors/kinds.h"
#include "tests/support/files.h"

namespace examples {
namespace {

using descriptors::Kind;
using descriptors::State;

// A row of DESCRIPTORS.md, and the program's name for its kind.
struct Case {
  std::string_view kind, state;
  std::string says;
};

// GoogleTest prints the result where a test fails.
void PrintTo(const Case& which, std::ostream* out) { *out << which.kind; }

const State& state_of(const Case& which) {
  static const std::vector<descriptors::Chapter> all = descriptors::chapters();
  for (const auto& chapter : all) {
    for (const Kind& kind : chapter.kinds) {
      for (const State& state : kind.states) {
        if (kind.name == which.kind && state.when == which.state) return state;
      }
    }
  }
  throw std::runtime_error("no such row: " + std::string(which.kind));
}

// Returns a descriptor that the program inherits.
tests::File inherited(int fd) { return tests::File(::dup(fd)); }

void expect_described(const Case& which) {
  SCOPED_TRACE(which.kind);
  const State& state = state_of(which);
  descriptors::Subject subject = state.make();
  const tests::File file = inherited(subject.fd());
  const int fd = file.fileno() >= 0 ? file.fileno() : tests::bad_fd();
  Program program("what_is_it", Stdin::kDevNull,
                  {.arguments = {std::to_string(fd)}});
  const std::string first = program.read_line();
  EXPECT_TRUE(first.starts_with(std::to_string(fd) + ": " + which.says))
      << first;
  EXPECT_EQ(program.read_line(), "  select: " + std::string(state.select));
  EXPECT_EQ(program.read_line(), "  poll: " + std::string(state.poll));
  EXPECT_EQ(program.read_line(), "  epoll: " + std::string(state.epoll));
  EXPECT_EQ(program.wait().status, 0);
}

class WhatIsIt : public testing::TestWithParam<Case> {};

TEST_P(WhatIsIt, SaysWhatTheAtlasSays) try {
  expect_described(GetParam());
} catch (const descriptors::Absent& absent) {
  GTEST_SKIP() << absent.reason;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, WhatIsIt,
    testing::Values(
        Case{"pipe, read end", "a byte is in it", "pipe, read end"},
        Case{"FIFO, read end", "the writer is gone", "FIFO, read end"},
        Case{"terminal, line by line", "a line was typed", "terminal"},
        Case{"Unix stream, connected", "the peer is gone",
             "Unix stream, connected"},
        Case{"TCP, connected", "a byte is unread", "TCP, connected"},
        Case{"TCP listener", "a connection waits", "TCP listener"},
        Case{"timerfd", "it has expired", "timerfd"},
        Case{"signalfd", "no signal is pending", "signalfd"},
        Case{"pidfd", "the process runs", "pidfd"},
        Case{"inotify", "an event is unread, another follows", "inotify"},
        Case{"/proc/self/mounts, mountinfo", "nothing was mounted",
             "file of proc"},
        Case{"sysfs attribute", "it was not read yet", "file of sysfs"},
        Case{"epoll (a selector's fileno())", "something is ready in it",
             "epoll"},
        Case{"regular file", "at any time", "regular file"},
        Case{"O_PATH", "at any time", "O_PATH"},
        Case{"closed number", "at any time", "not open"}),
    [](const auto& row) { return descriptors::identifier(row.param.kind); });

TEST(WhatIsItOpening, NamesTheFileThatItCannotOpen) {
  const std::pair<const char*, const char*> cases[] = {
      {"/nowhere/at/all", "No such file or directory"},
      {"4294967296", "No such file or directory"},  // No descriptor 0.
      {"", "No such file or directory"}};
  for (const auto& [name, reason] : cases) {
    Program program("what_is_it", Stdin::kDevNull, {.arguments = {name}});
    EXPECT_EQ(program.read_error_line(),
              std::string("what_is_it: open ") + name + ": " + reason);
    EXPECT_EQ(program.read_lines(), std::vector<std::string>());
    EXPECT_EQ(program.wait().status, 1);
  }
}

TEST(WhatIsItFollowing, PrintsWhatIsNew) {
  const tests::Pipe pipe;
  const tests::File reader = inherited(pipe.reader.fileno());
  const std::string name = std::to_string(reader.fileno());
  Program program("what_is_it", Stdin::kDevNull, {.arguments = {"-f", name}});
  EXPECT_EQ(program.read_line(), name + ": pipe, read end");
  for (const char* call : {"  select: -", "  poll: -", "  epoll: -"}) {
    EXPECT_EQ(program.read_line(), call);
  }
  pipe.writer.write("x");
  EXPECT_EQ(program.read_line(), name + ": READ");
  pipe.writer.write("x");
  EXPECT_EQ(program.read_line(), name + ": READ");
}

// Two ends of a TCP connection within the machine.
std::pair<tests::File, tests::File> tcp_connection() {
  const tests::File listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener.fileno(), name, size), 0);
  EXPECT_EQ(::listen(listener.fileno(), 1), 0);
  EXPECT_EQ(::getsockname(listener.fileno(), name, &size), 0);
  tests::File client(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(client.fileno(), name, size), 0);
  tests::File server(::accept(listener.fileno(), nullptr, nullptr));
  return {std::move(client), std::move(server)};
}

TEST(WhatIsItFollowing, PrintsUrgentData) {
  const auto [client, server] = tcp_connection();
  const tests::File file = inherited(server.fileno());
  const std::string name = std::to_string(file.fileno());
  Program program("what_is_it", Stdin::kDevNull, {.arguments = {"-f", name}});
  EXPECT_EQ(program.read_line(), name + ": TCP, connected");
  for (const char* call : {"  select: W", "  poll: OUT", "  epoll: OUT"}) {
    EXPECT_EQ(program.read_line(), call);
  }
  EXPECT_EQ(program.read_line(), name + ": WRITE");
  ASSERT_EQ(::send(client.fileno(), "!", 1, MSG_OOB), 1);
  EXPECT_EQ(program.read_line(), name + ": WRITE|PRIORITY");
}

}  // namespace
}  // namespace examples

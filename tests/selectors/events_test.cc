// EVENT_PRIORITY and EVENT_ERROR: asked for and reported by each backend.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>

#include "selectors/devpoll_selector.h"
#include "selectors/epoll_selector.h"
#include "selectors/errors.h"
#include "selectors/kqueue_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/support/files.h"
#include "tests/support/selector_kind.h"

namespace selectors {
namespace {

using namespace std::chrono_literals;
using tests::File;
using tests::Pipe;

struct Backend {
  tests::SelectorKind kind;
  bool has_priority;
  bool tells_errors;
};

class EventsTest : public ::testing::TestWithParam<Backend> {
 protected:
  // Returns the events that select() reports of `fd` within a second.
  EventMask events_of(int fd) {
    for (const auto& [key, events] : selector_->select(1s)) {
      if (key.fd == fd) return events;
    }
    return 0;
  }
  EventMask error() const { return GetParam().tells_errors ? EVENT_ERROR : 0; }
  std::string refusal_of(EventMask events) {
    try {
      selector_->register_(pipe_.reader, events);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "registered";
  }

  std::unique_ptr<BaseSelector> selector_ = GetParam().kind.make();
  Pipe pipe_;
};

INSTANTIATE_TEST_SUITE_P(
    Selectors, EventsTest,
    ::testing::Values(
        Backend{tests::selector_kind<SelectSelector>("Select"), true, false},
        Backend{tests::selector_kind<PollSelector>("Poll"), true, true},
        Backend{tests::selector_kind<EpollSelector>("Epoll"), true, true},
        Backend{tests::selector_kind<KqueueSelector>("Kqueue"), false, true},
        Backend{tests::selector_kind<DevpollSelector>("Devpoll"), true, true}),
    [](const auto& backend) { return std::string(backend.param.kind.name); });

// A TCP connection over loopback.
struct Connection {
  Connection() {
    const File listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.fileno(), generic, size), 0);
    EXPECT_EQ(::listen(listener.fileno(), 1), 0);
    EXPECT_EQ(::getsockname(listener.fileno(), generic, &size), 0);
    client = File(::socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(::connect(client.fileno(), generic, size), 0);
    server = File(::accept(listener.fileno(), nullptr, nullptr));
  }
  File client;
  File server;
};

TEST_P(EventsTest, UrgentDataIsPriority) {
  if (!GetParam().has_priority) GTEST_SKIP() << "kqueue has no such event";
  const Connection connection;
  const int fd = connection.server.fileno();
  selector_->register_(connection.server, EVENT_READ | EVENT_PRIORITY);
  ASSERT_EQ(::send(connection.client.fileno(), "!", 1, MSG_OOB), 1);
  EXPECT_EQ(events_of(fd), EVENT_PRIORITY);
  char urgent = 0;
  EXPECT_EQ(::recv(fd, &urgent, 1, MSG_OOB), 1);
  EXPECT_EQ(urgent, '!');
  connection.client.write("data");
  EXPECT_EQ(events_of(fd), EVENT_READ);
}

TEST_P(EventsTest, UrgentDataIsNothingToOthers) {
  const Connection connection;
  selector_->register_(connection.server, EVENT_READ);
  selector_->register_(pipe_.writer, EVENT_WRITE);
  ASSERT_EQ(::send(connection.client.fileno(), "!", 1, MSG_OOB), 1);
  pollfd urgent{connection.server.fileno(), POLLPRI, 0};
  ASSERT_EQ(::poll(&urgent, 1, -1), 1);  // It has arrived.
  EXPECT_EQ(events_of(pipe_.writer.fileno()), EVENT_WRITE);
  EXPECT_EQ(events_of(connection.server.fileno()), 0u);
}

TEST_P(EventsTest, PriorityAloneCanBeModifiedAndUnregistered) {
  if (!GetParam().has_priority) GTEST_SKIP() << "kqueue has no such event";
  const Connection connection;
  const int fd = connection.server.fileno();
  selector_->register_(fd, EVENT_PRIORITY);
  ASSERT_EQ(::send(connection.client.fileno(), "!", 1, MSG_OOB), 1);
  EXPECT_EQ(events_of(fd), EVENT_PRIORITY);
  selector_->modify(fd, EVENT_WRITE);
  EXPECT_EQ(events_of(fd), EVENT_WRITE);
  selector_->modify(fd, EVENT_WRITE | EVENT_PRIORITY);
  EXPECT_EQ(events_of(fd), EVENT_WRITE | EVENT_PRIORITY);
  selector_->unregister(fd);
  EXPECT_TRUE(selector_->select(0ns).empty());
}

TEST_P(EventsTest, PriorityIsRefusedWhereUnsupported) {
  EXPECT_EQ(refusal_of(EVENT_READ | EVENT_PRIORITY),
            GetParam().has_priority
                ? "registered"
                : "Invalid events: READ|PRIORITY; KqueueSelector does not "
                  "support PRIORITY");
}

TEST_P(EventsTest, ErrorCannotBeAskedFor) {
  EXPECT_EQ(refusal_of(EVENT_READ | EVENT_ERROR),
            "Invalid events: READ|ERROR; EVENT_ERROR is reported without being "
            "asked for");
}

TEST_P(EventsTest, DataIsNoError) {
  selector_->register_(pipe_.reader, EVENT_READ);
  pipe_.writer.write("x");
  EXPECT_EQ(events_of(pipe_.reader.fileno()), EVENT_READ);
}

TEST_P(EventsTest, HangUpIsAnError) {
  selector_->register_(pipe_.reader, EVENT_READ);
  pipe_.writer.close();
  EXPECT_EQ(events_of(pipe_.reader.fileno()), EVENT_READ | error());
}

TEST_P(EventsTest, HangUpBehindDataIsAnError) {
  selector_->register_(pipe_.reader, EVENT_READ);
  pipe_.writer.write("x");
  pipe_.writer.close();
  EXPECT_EQ(events_of(pipe_.reader.fileno()), EVENT_READ | error());
}

TEST_P(EventsTest, BrokenPipeIsAnError) {
  pipe_.fill();
  selector_->register_(pipe_.writer, EVENT_WRITE);
  pipe_.reader.close();
  EXPECT_EQ(events_of(pipe_.writer.fileno()), EVENT_WRITE | error());
}

TEST_P(EventsTest, ErrorIsNeverReportedAlone) {
  if (!GetParam().has_priority) GTEST_SKIP() << "kqueue has no such event";
  if (!GetParam().tells_errors) GTEST_SKIP() << "select() tells no hang-up";
  selector_->register_(pipe_.reader, EVENT_PRIORITY);
  pipe_.writer.close();
  EXPECT_EQ(events_of(pipe_.reader.fileno()), EVENT_PRIORITY | EVENT_ERROR);
}

TEST(EventsReprTest, NamesAll) {
  EXPECT_EQ(events_repr(EVENT_READ | EVENT_PRIORITY | EVENT_ERROR),
            "READ|PRIORITY|ERROR");
}

}  // namespace
}  // namespace selectors

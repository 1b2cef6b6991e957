// Handlers that take the reported events, and add_priority_reader().

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "selectors/epoll_selector.h"
#include "selectors/kqueue_selector.h"
#include "selectors/selector_key.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::EVENT_ERROR;
using selectors::EVENT_PRIORITY;
using selectors::EVENT_READ;
using selectors::EventMask;
using tests::Pipe;
using tests::SocketPair;

class HandlerEventsTest : public ::testing::Test {
 protected:
  void turn() { loop_.run_once(std::chrono::seconds(1)); }

  EventLoop loop_{std::make_unique<selectors::EpollSelector>()};
  std::vector<EventMask> seen_;
  std::string log_;
};

TEST_F(HandlerEventsTest, TellDataFromAHangUp) {
  Pipe pipe;
  loop_.add_reader(pipe.reader, [&](EventMask events) {
    seen_.push_back(events);
    pipe.reader.read();
  });
  pipe.writer.write("x");
  turn();
  pipe.writer.close();
  turn();
  EXPECT_EQ(seen_,
            (std::vector<EventMask>{EVENT_READ, EVENT_READ | EVENT_ERROR}));
  loop_.remove_reader(pipe.reader);
}

// Also when the descriptor is watched as a level, after it has been reported.
TEST_F(HandlerEventsTest, AreThoseOfEachReport) {
  SocketPair pair;
  loop_.add_writer(pair.first,
                   [&](EventMask events) { seen_.push_back(events); });
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(seen_, std::vector<EventMask>(4, selectors::EVENT_WRITE));
  loop_.remove_writer(pair.first);
}

TEST_F(HandlerEventsTest, AreTakenByTheirOwnHandlerOnly) {
  SocketPair pair;
  pair.second.write("x");
  loop_.add_reader(pair.first, [&] { log_ += "r"; });
  loop_.add_writer(pair.first, [&](EventMask events) {
    log_ += "w" + selectors::events_repr(events);
  });
  turn();
  EXPECT_EQ(log_, "rwREAD|WRITE");
  loop_.remove_reader(pair.first);
  loop_.remove_writer(pair.first);
}

TEST_F(HandlerEventsTest, APriorityReaderRunsFirst) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  const tests::File receiver(fds[0]), sender(fds[1]);
  loop_.add_reader(receiver, [&] { log_ += "reader "; });
  loop_.add_priority_reader(receiver, [&](EventMask events) {
    log_ += selectors::events_repr(events) + " ";
  });
  sender.write("data");
  if (::send(sender.fileno(), "!", 1, MSG_OOB) != 1) {
    GTEST_SKIP() << "no MSG_OOB for Unix sockets here (Linux 5.15 has it)";
  }
  turn();
  EXPECT_EQ(log_, "READ|PRIORITY reader ");
  EXPECT_TRUE(loop_.remove_priority_reader(receiver));
  EXPECT_FALSE(loop_.remove_priority_reader(receiver));
  log_.clear();
  turn();
  EXPECT_EQ(log_, "reader ");
  loop_.remove_reader(receiver);
}

TEST_F(HandlerEventsTest, APriorityReaderIsRefusedByKqueue) {
  EventLoop kqueue_loop(std::make_unique<selectors::KqueueSelector>());
  const Pipe pipe;
  kqueue_loop.set_exception_handler(
      [&](EventLoop&, const ExceptionContext& context) {
        log_ = context.message.substr(0, context.message.find(" of fd"));
      });
  kqueue_loop.add_priority_reader(pipe.reader, [] {});
  kqueue_loop.call_soon([] {});
  kqueue_loop.run_once();
  kqueue_loop.run_once(std::chrono::nanoseconds(0));
  EXPECT_EQ(log_, "The priority reader");
  EXPECT_FALSE(kqueue_loop.remove_priority_reader(pipe.reader));
}

}  // namespace
}  // namespace loop

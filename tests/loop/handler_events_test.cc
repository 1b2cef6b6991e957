// Handlers that take the reported events, and add_priority_reader().

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "selectors/epoll_selector.h"
#include "selectors/errors.h"
#include "selectors/kqueue_selector.h"
#include "selectors/selector_key.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::EVENT_ERROR;
using selectors::EVENT_PRIORITY;
using selectors::EVENT_READ;
using selectors::EVENT_WRITE;
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
  for (int i = 0; i < 3; ++i) turn();
  pair.second.close();
  turn();
  EXPECT_EQ(seen_,
            (std::vector<EventMask>{EVENT_WRITE, EVENT_WRITE, EVENT_WRITE,
                                    EVENT_WRITE | EVENT_ERROR}));
  loop_.remove_writer(pair.first);
}

TEST_F(HandlerEventsTest, AreTakenByTheHandlerThatReplacesAnother) {
  SocketPair pair;
  loop_.add_writer(pair.first, [&] { log_ += "plain "; });
  turn();
  loop_.add_writer(pair.first, [&](EventMask events) {
    log_ += selectors::events_repr(events) + " ";
  });
  turn();
  loop_.add_writer(pair.first, [&] { log_ += "plain"; });
  turn();
  EXPECT_EQ(log_, "plain WRITE plain");
  loop_.remove_writer(pair.first);
}

// epoll refuses regular files, which are always ready.
TEST_F(HandlerEventsTest, OfAFileAreThoseOfItsHandlers) {
  const tests::TempFile file;
  loop_.add_reader(file, [&](EventMask events) { seen_.push_back(events); });
  turn();
  EXPECT_EQ(seen_, std::vector<EventMask>{EVENT_READ});
  loop_.remove_reader(file);
}

// A file has nothing urgent: its priority reader must not keep the loop awake.
TEST_F(HandlerEventsTest, APriorityReaderOfAFileIsRefused) {
  const tests::TempFile file;
  std::vector<std::string> refused;
  loop_.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
    refused.push_back(context.message);
  });
  loop_.add_priority_reader(file, [] {});
  loop_.run_once(std::chrono::nanoseconds(0));
  loop_.run_once(std::chrono::nanoseconds(0));
  EXPECT_EQ(refused.size(), 1u);
  EXPECT_FALSE(loop_.remove_priority_reader(file));
  EXPECT_EQ(loop_.prepare().value(), std::chrono::nanoseconds::max());
}

TEST_F(HandlerEventsTest, AnAdditionThatFailsKeepsTheCallback) {
  Pipe pipe;
  auto callback = [this, owner = std::make_unique<int>(7)](EventMask) {
    log_ = std::to_string(*owner);
  };
  EXPECT_THROW(loop_.add_reader(-1, std::move(callback)),
               selectors::ValueError);
  // NOLINTNEXTLINE(bugprone-use-after-move): it has not been moved.
  loop_.add_reader(pipe.reader, std::move(callback));
  pipe.writer.write("x");
  turn();
  EXPECT_EQ(log_, "7");
  loop_.remove_reader(pipe.reader);
}

TEST_F(HandlerEventsTest, TellAllEventsOfTheDescriptor) {
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

TEST_F(HandlerEventsTest, KqueueRefusesAPriorityReader) {
  EventLoop kqueue_loop(std::make_unique<selectors::KqueueSelector>());
  const SocketPair pair;
  std::vector<std::string> refused;
  kqueue_loop.set_exception_handler(
      [&](EventLoop&, const ExceptionContext& context) {
        const auto end = context.message.find(" of fd");
        refused.push_back(context.message.substr(0, end));
      });
  kqueue_loop.add_reader(pair.first, [] {});
  kqueue_loop.add_writer(pair.first, [] {});
  kqueue_loop.add_priority_reader(pair.first, [] {});
  kqueue_loop.run_once(std::chrono::nanoseconds(0));
  kqueue_loop.run_once(std::chrono::nanoseconds(0));
  EXPECT_EQ(refused, (std::vector<std::string>{"The reader", "The writer",
                                               "The priority reader"}));
  EXPECT_FALSE(kqueue_loop.remove_reader(pair.first));
  EXPECT_FALSE(kqueue_loop.remove_writer(pair.first));
  EXPECT_FALSE(kqueue_loop.remove_priority_reader(pair.first));
}

}  // namespace
}  // namespace loop

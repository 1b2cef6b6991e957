// A loop as the guest of another one, which is a poll(2) here.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/source_location.h"
#include "selectors/base_selector.h"
#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"
#include "tests/support/selector_kind.h"

namespace loop {
namespace {

class EmbeddingTest : public tests::NoLeak, public tests::PerSelector {};
// Those that have a descriptor which the real poll() knows.
INSTANTIATE_TEST_SUITE_P(
    Selectors, EmbeddingTest,
    ::testing::Values(
        tests::selector_kind<selectors::EpollSelector>("EpollSelector")),
    tests::name_of);

// Is it readable now?
bool is_readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

// What a host does when the descriptor is readable, until it is not.
int serve(EventLoop& loop, int fd) {
  int times = 0;
  for (; times < 20 && is_readable(fd); ++times) loop.run_once(0ns);
  return times;
}

TEST_P(EmbeddingTest, AnIdleLoopLetsTheHostBlock) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  EXPECT_EQ(loop.fileno(), fd);
  EXPECT_FALSE(is_readable(fd));
  EXPECT_TRUE(loop.prepare().waits_forever());
  loop.run_once(0ns);
  EXPECT_FALSE(is_readable(fd));
}

// Each is noticed once, by a descriptor that is readable until it is served.
TEST_P(EmbeddingTest, WhatComesFromOutsideMakesItReadable) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  const Pipe pipe;
  int ran = 0;
  const auto expect_served = [&](const char* what) {
    EXPECT_TRUE(is_readable(fd)) << what;
    EXPECT_LE(serve(loop, fd), 3) << what;
    EXPECT_EQ(ran, 1) << what;
    EXPECT_FALSE(is_readable(fd)) << what;
    ran = 0;
  };
  for (int round = 0; round < 3; ++round) {
    std::thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }).join();
    expect_served("a post");
    loop.add_signal_handler(SIGUSR1, [&] { ++ran; });
    serve(loop, fd);
    ::raise(SIGUSR1);
    expect_served("a signal");
    loop.remove_signal_handler(SIGUSR1);
    loop.add_reader(pipe.reader, [&] {
      ++ran;
      pipe.reader.read();
      loop.remove_reader(pipe.reader);
    });
    pipe.writer.write("x");
    expect_served("a reader");
    loop.call_soon([&] { ++ran; });
    expect_served("call_soon()");
    loop.call_soon([&] { loop.call_soon([&] { ++ran; }); });
    expect_served("call_soon() in a callback");
    loop.call_later(0ns, [&] { ++ran; });
    expect_served("a timer without delay");
  }
}

// While it is not at rest, as the post finds it awake.
TEST_P(EmbeddingTest, APostDuringTheIterationMakesItReadable) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  int ran = 0;
  loop.call_soon([&] {
    std::thread([&] { loop.call_soon_threadsafe([&] { ++ran; }); }).join();
  });
  loop.run_once(0ns);
  EXPECT_EQ(ran, 0);
  EXPECT_TRUE(is_readable(fd));
  serve(loop, fd);
  EXPECT_EQ(ran, 1);
}

// A reader that a callback adds is the kernel's before the host blocks.
TEST_P(EmbeddingTest, WhatACallbackRegistersIsWatchedAtOnce) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  const Pipe pipe;
  int came = 0;
  loop.call_soon([&] { loop.add_reader(pipe.reader, [&] { ++came; }); });
  serve(loop, fd);
  EXPECT_FALSE(is_readable(fd));
  pipe.writer.write("x");
  for (int i = 1; i <= 4; ++i) {  // As long as there is something to read.
    EXPECT_TRUE(is_readable(fd));
    loop.run_once(0ns);
    EXPECT_EQ(came, i);
  }
  loop.remove_reader(pipe.reader);
  serve(loop, fd);
  EXPECT_TRUE(loop.prepare().waits_forever());
  EXPECT_FALSE(is_readable(fd));
}

TEST_P(EmbeddingTest, PrepareTellsHowLongTheHostMayBlock) {
  FakeTime time;
  EventLoop loop(make_selector(), time.clock());
  loop.fileno();
  loop.call_later(20ms, [] {});
  EXPECT_EQ(loop.prepare().value(), 20ms);
  time.advance(5ms);
  EXPECT_EQ(loop.prepare().value(), 15ms);
  time.advance(100ms);
  EXPECT_EQ(loop.prepare().value(), 0ns);
  loop.run_once(0ns);
  EXPECT_TRUE(loop.prepare().waits_forever());
  loop.call_soon([] {});
  EXPECT_EQ(loop.prepare().value(), 0ns);
  loop.run_once(0ns);
  loop.call_soon_threadsafe([] {});
  EXPECT_EQ(loop.prepare().value(), 0ns);
  loop.run_once(0ns);
  const tests::TempFile always;
  loop.add_reader(always, [] {});
  EXPECT_EQ(loop.prepare().value(), 0ns);
  loop.remove_reader(always);
  EXPECT_TRUE(loop.prepare().waits_forever());
}

// The host of loop/README.md: poll(), prepare(), run_once().
TEST_P(EmbeddingTest, AWholeHost) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  const Pipe pipe;
  Journal journal;
  pipe.writer.write("x");
  loop.add_reader(pipe.reader, [&] {
    journal.push_back("reader");
    loop.remove_reader(pipe.reader);
  });
  loop.call_later(5ms, note(journal, "timer"));
  for (int i = 0; i < 100 && journal.size() < 2; ++i) {
    pollfd host{fd, POLLIN, 0};
    ::poll(&host, 1, loop.prepare().to_milliseconds());
    loop.run_once(0ns);
  }
  EXPECT_EQ(journal, (Journal{"reader", "timer"}));
}

// A host may have asked the selector before the loop was made.
TEST_P(EmbeddingTest, TheSelectorWasAsked) {
  auto selector = make_selector();
  const int fd = selector->fileno();
  EventLoop loop(std::move(selector));
  int ran = 0;
  loop.call_soon_threadsafe([&] { ++ran; });
  EXPECT_TRUE(is_readable(fd));
  serve(loop, fd);
  EXPECT_EQ(ran, 1);
}

// The number stays, whatever instance is behind it.
TEST_P(EmbeddingTest, AStrayOfAClosedFileDoesNotWakeTheHostForever) {
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  Pipe pipe;
  const Pipe other;
  const File copy = tests::dup_at_least(pipe.reader, 0);
  int came = 0;
  loop.add_reader(pipe.reader, [] {});
  loop.add_reader(other.reader, [&] { ++came; });
  pipe.writer.write("x");
  for (int i = 0; i < 5; ++i) loop.run_once(0ns);
  const int number = pipe.reader.fileno();
  pipe.reader.close();
  loop.remove_reader(number);
  EXPECT_LT(serve(loop, fd), 10);
  EXPECT_FALSE(is_readable(fd));
  other.writer.write("x");
  EXPECT_TRUE(is_readable(fd));
  loop.run_once(0ns);
  EXPECT_EQ(came, 1);
  loop.remove_reader(other.reader);
}

// Several changes between two iterations are one system call.
TEST_P(EmbeddingTest, TheHostIsWokenOnce) {
  EventLoop loop(make_selector());
  loop.fileno();
  const tests::CallCounter calls;
  for (int i = 0; i < 100; ++i) loop.call_soon([] {});
  EXPECT_EQ(calls.count(), 1u);
}

// The task that waited must get its error.
TEST_P(EmbeddingTest, AWaitThatEndsWakesTheHost) {
  struct Waiter : DescriptorWaiter {
    void ready() override {}
    void failed() override { ++failures; }
    int failures = 0;
  };
  EventLoop loop(make_selector());
  const int fd = loop.fileno();
  const Pipe pipe;
  const int reader = pipe.reader.fileno();
  Waiter waiter;
  const std::function<void()> endings[] = {[&] { loop.remove_reader(reader); },
                                           [&] { loop.end_waits(reader); }};
  for (const auto& end : endings) {
    loop.wait(reader, FdHandlers::kReader, waiter, SourceLocation());
    serve(loop, fd);
    end();
    EXPECT_TRUE(is_readable(fd));
    serve(loop, fd);
  }
  EXPECT_EQ(waiter.failures, 2);
}

TEST_P(EmbeddingTest, NotWhileItRunsOrIsClosed) {
  EventLoop loop(make_selector());
  loop.call_soon([&] { EXPECT_THROW(loop.prepare(), RuntimeError); });
  loop.run_once(0ns);
  loop.close();
  EXPECT_THROW(loop.prepare(), RuntimeError);
  EXPECT_THROW(loop.fileno(), RuntimeError);
}

TEST(EmbeddingRefusedTest, PollHasNoDescriptor) {
  EventLoop loop(std::make_unique<selectors::PollSelector>());
  EXPECT_THROW(loop.fileno(), ValueError);
}

}  // namespace
}  // namespace loop

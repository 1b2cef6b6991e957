#include "selectors/epoll_selector.h"

#include <cerrno>
#include <vector>

#include "tests/selectors/selector_fixture.h"
#include "tests/support/fault_injector.h"

namespace selectors {

namespace {

using EpollTest = tests::NoLeak;

// epoll(7) gives EPERM for a file to watch.
TEST_F(EpollTest, RegisterFile) {
  EpollSelector s;
  const tests::TempFile file;
  EXPECT_EQ(errno_of([&] { s.register_(file, EVENT_READ); }), EPERM);
  // The SelectorKey has been removed.
  EXPECT_THROW(s.get_key(file), KeyError);
}

// A refusal that is returned: the file is not registered, whether it was before
// or not.
TEST_F(EpollTest, TryWatchReturnsTheRefusal) {
  EpollSelector s;
  const tests::TempFile file;
  const auto refusal = s.try_watch(file, EVENT_READ);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code().value(), EPERM);
  EXPECT_TRUE(s.get_map()->empty());
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  pipe.writer.write("x");
  EXPECT_FALSE(s.try_watch(fd, EVENT_READ).has_value());
  EXPECT_FALSE(s.try_watch(fd, EVENT_READ).has_value());
  EXPECT_EQ(ready_now(s), (Ready{{fd, EVENT_READ}}));
  pipe.reader.close();
  EXPECT_TRUE(s.try_watch(fd, EVENT_READ).has_value());
  EXPECT_TRUE(s.get_map()->empty());
  EXPECT_THROW(s.try_watch(-1, EVENT_READ), ValueError);
  EXPECT_THROW(s.try_watch(fd, 0), ValueError);
}

// A number beyond the ordinary limit of open files is refused as well.
TEST_F(EpollTest, TryWatchReturnsTheRefusalOfAHugeNumber) {
  EpollSelector s;
  const auto refusal = s.try_watch(1 << 30, EVENT_READ);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code(), std::errc::bad_file_descriptor);
}

// gh-146205: since 3.15 Python's close() raises the error of close(2), and
// leaves the map for a second call.
TEST_F(EpollTest, ErrorOfCloseIsIgnored) {
  EpollSelector s;
  const Pipe pipe;
  s.register_(pipe.reader, EVENT_READ);
  const tests::FaultInjector failing(1, EIO, [](const auto& call) {
    return tests::FaultInjector::is(call, "close");
  });
  EXPECT_NO_THROW(s.close());
  EXPECT_TRUE(failing.fired());
  EXPECT_EQ(s.get_map(), nullptr);
  s.close();
}

TEST_F(EpollTest, TryWatchOnAClosedSelectorThrows) {
  EpollSelector s;
  s.close();
  EXPECT_THROW(s.try_watch(0, EVENT_READ), ValueError);
  EXPECT_THROW(s.try_watch(-1, EVENT_READ), ValueError);
}

// A copy keeps the file open, and the closed number cannot be deleted.
struct Stray {
  Stray(EpollSelector& s, EventMask events) {
    const int number = pipe.reader.fileno();
    s.register_(number, events);
    pipe.reader.close();
    s.unregister(number);
    pipe.writer.write("x");
  }
  Pipe pipe;
  const File copy = tests::dup_at_least(pipe.reader, 0);
};

// It wakes one wait, and nothing is replaced for its sake.
TEST_F(EpollTest, AStrayThatReportsOnceIsLivedWith) {
  EpollSelector s;
  const std::vector<Pipe> others(50);
  for (const Pipe& pipe : others) s.register_(pipe.reader, EVENT_READ);
  const Stray stray(s, EVENT_READ | EVENT_ONESHOT);
  const tests::CallCounter calls;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ready_now(s), Ready());
  EXPECT_EQ(calls.count(), 5u);
  stray.pipe.writer.write("more");
  EXPECT_EQ(ready_now(s), Ready());
}

// A selector that watches this one is left with no stray and no old instance.
TEST_F(EpollTest, AWatcherIsNotWokenByAStray) {
  EpollSelector s, watcher;
  const Pipe other;
  s.register_(other.reader, EVENT_READ);
  watcher.register_(s, EVENT_READ);
  const Stray stray(s, EVENT_READ);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ready_now(s), Ready());
  EXPECT_EQ(ready_now(watcher), Ready());
  other.writer.write("x");
  EXPECT_EQ(ready_now(watcher), (Ready{{s.fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(s), (Ready{{other.reader.fileno(), EVENT_READ}}));
}

}  // namespace
}  // namespace selectors

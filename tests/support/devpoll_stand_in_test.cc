// Tests for the rules of poll(7D) that the stand-in keeps, in the words of the
// manual page.

#include "tests/support/devpoll_stand_in.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "selectors/kernel/call.h"
#include "selectors/kernel/devpoll.h"
#include "selectors/wait_limit.h"
#include "tests/support/files.h"

namespace tests {
namespace {

namespace kernel = selectors::kernel;
using selectors::WaitLimit;
using std::chrono::milliseconds;

constexpr WaitLimit kNow = WaitLimit::nanoseconds::zero();

class DevpollStandInTest : public NoLeak {
 protected:
  bool write(const File& file, int events) {
    return write(file.fileno(), events);
  }
  bool write(int fd, int events) {
    const pollfd changes[] = {{fd, static_cast<short>(events), 0}};
    return kernel::devpoll_write(device_.fileno(), changes);
  }

  std::vector<pollfd> ready(std::size_t room = 8,
                            const WaitLimit& timeout = kNow) {
    std::vector<pollfd> events(room);
    const int count = kernel::devpoll_wait(device_.fileno(), events.data(),
                                           static_cast<int>(room), timeout);
    EXPECT_GE(count, 0) << errno;
    events.resize(static_cast<std::size_t>(std::max(count, 0)));
    return events;
  }

  // Returns the events of the only ready descriptor, or 0 if none is ready.
  int only_revents(const File& file) {
    const auto events = ready();
    if (events.empty()) return 0;
    EXPECT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].fd, file.fileno());
    return events[0].revents;
  }

  int ioctl(int request, void* argument) {
    const auto make = [](int fd, unsigned long number, void* address) {
      return ::ioctl(fd, number, address);
    };
    return kernel::call(kernel::kDevpollIoctl, make, device_.fileno(),
                        static_cast<unsigned long>(request), argument);
  }

  void SetUp() override {
    NoLeak::SetUp();
    device_ = File(kernel::devpoll_open());
    ASSERT_GE(device_.fileno(), 0);
  }
  void TearDown() override {
    device_.close();
    NoLeak::TearDown();
  }

  File device_;
};

TEST_F(DevpollStandInTest, ReportsWhatIsReady) {
  const SocketPair pair;
  EXPECT_TRUE(write(pair.first, POLLIN));
  EXPECT_TRUE(ready().empty());
  pair.second.write("x");
  const auto events = ready();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].fd, pair.first.fileno());
  EXPECT_EQ(events[0].events, POLLIN);
  EXPECT_EQ(events[0].revents, POLLIN);
  EXPECT_EQ(ready().size(), 1u);  // Reported again while it is readable.
}

TEST_F(DevpollStandInTest, EventsOfOneDescriptorAddUp) {
  const SocketPair pair;
  pair.second.write("x");
  EXPECT_TRUE(write(pair.first, POLLIN));
  EXPECT_TRUE(write(pair.first, POLLOUT));
  EXPECT_EQ(only_revents(pair.first), POLLIN | POLLOUT);
}

TEST_F(DevpollStandInTest, RemovedIsForgotten) {
  const SocketPair pair;
  pair.second.write("x");
  EXPECT_TRUE(write(pair.first, POLLIN));
  EXPECT_TRUE(write(pair.first, POLLREMOVE));
  EXPECT_TRUE(ready().empty());
  EXPECT_TRUE(write(pair.first, POLLOUT));
  EXPECT_EQ(only_revents(pair.first), POLLOUT);
}

TEST_F(DevpollStandInTest, RemovingWhatIsNotThereIsNoError) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.reader, POLLREMOVE));
  EXPECT_TRUE(write(bad_fd(), POLLREMOVE));
}

TEST_F(DevpollStandInTest, ChangesOfOneWriteAreMadeInOrder) {
  const SocketPair pair;
  pair.second.write("x");
  EXPECT_TRUE(write(pair.first, POLLIN));
  const int fd = pair.first.fileno();
  const pollfd changes[] = {{fd, POLLREMOVE, 0}, {fd, POLLOUT, 0}};
  EXPECT_TRUE(kernel::devpoll_write(device_.fileno(), changes));
  EXPECT_EQ(only_revents(pair.first), POLLOUT);
}

TEST_F(DevpollStandInTest, TooManyChanges) {
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const std::vector<pollfd> changes(limit.rlim_cur + 1, pollfd{-1, POLLIN, 0});
  EXPECT_FALSE(kernel::devpoll_write(device_.fileno(), changes));
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(DevpollStandInTest, HangUpIsReportedUnasked) {
  Pipe pipe;
  EXPECT_TRUE(write(pipe.reader, POLLIN));
  pipe.writer.close();
  EXPECT_EQ(only_revents(pipe.reader), POLLHUP);
}

TEST_F(DevpollStandInTest, ClosedIsInvalidUntilRemoved) {
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  EXPECT_TRUE(write(fd, POLLIN));
  pipe.reader.close();
  EXPECT_EQ(ready().at(0).revents, POLLNVAL);
  EXPECT_EQ(ready().at(0).fd, fd);
  EXPECT_TRUE(write(fd, POLLREMOVE));
  EXPECT_TRUE(ready().empty());
}

TEST_F(DevpollStandInTest, WatchesTheNumberNotTheFile) {
  Pipe old;
  const Pipe fresh;
  fresh.writer.write("x");
  EXPECT_TRUE(write(old.reader, POLLIN));
  const File reused = dup_to(fresh.reader, old.reader.release());
  EXPECT_EQ(only_revents(reused), POLLIN);
}

TEST_F(DevpollStandInTest, EachGetsItsTurn) {
  const Pipe pipes[3];
  for (const Pipe& pipe : pipes) {
    pipe.writer.write("x");
    EXPECT_TRUE(write(pipe.reader, POLLIN));
  }
  for (const int turn : {0, 1, 2, 0, 1}) {
    EXPECT_EQ(ready(1).at(0).fd, pipes[turn].reader.fileno());
  }
}

TEST_F(DevpollStandInTest, TheTimeoutHoldsWithNothingToWatch) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(ready(8, milliseconds(2)).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(2));
}

TEST_F(DevpollStandInTest, WithoutRoomItSleeps) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.writer, POLLOUT));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(ready(0, milliseconds(2)).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(2));
}

TEST_F(DevpollStandInTest, NoTimeoutWaitsUntilSomethingIsReady) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.reader, POLLIN));
  std::thread writer([&] { pipe.writer.write("x"); });
  EXPECT_EQ(ready(8, std::nullopt).size(), 1u);
  writer.join();
}

TEST_F(DevpollStandInTest, ASignalInterrupts) {
  struct sigaction action {
  }, before;
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval often = {{0, 1000}, {0, 1000}}, never = {};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  pollfd event;
  EXPECT_EQ(kernel::devpoll_wait(device_.fileno(), &event, 1, std::nullopt),
            -1);
  EXPECT_EQ(errno, EINTR);
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

TEST_F(DevpollStandInTest, TellsWhetherADescriptorIsInTheSet) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.reader, POLLIN));
  pollfd question = {pipe.reader.fileno(), 0, 0};
  EXPECT_EQ(ioctl(DP_ISPOLLED, &question), 1);
  EXPECT_EQ(question.revents, POLLIN);
  question = {pipe.writer.fileno(), 0, 0};
  EXPECT_EQ(ioctl(DP_ISPOLLED, &question), 0);
}

TEST_F(DevpollStandInTest, UnknownRequest) {
  pollfd argument;
  EXPECT_EQ(ioctl(DP_ISPOLLED + 1, &argument), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(DevpollStandInTest, EachDeviceHasASetOfItsOwn) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.writer, POLLOUT));
  const File other(kernel::devpoll_open());
  pollfd event;
  EXPECT_EQ(kernel::devpoll_wait(other.fileno(), &event, 1, kNow), 0);
  EXPECT_EQ(ready().size(), 1u);
}

TEST_F(DevpollStandInTest, ADeviceInADeviceIsAnError) {
  const File other(kernel::devpoll_open());
  EXPECT_TRUE(write(other, POLLIN));
  EXPECT_EQ(only_revents(other), POLLERR);
}

TEST_F(DevpollStandInTest, AClosedDeviceIsGone) {
  const int number = device_.fileno();
  device_.close();
  EXPECT_FALSE(write(bad_fd(), POLLIN));
  pollfd event;
  EXPECT_EQ(kernel::devpoll_wait(number, &event, 1, kNow), -1);
  EXPECT_EQ(errno, EBADF);
  device_ = File(kernel::devpoll_open());
  ASSERT_EQ(device_.fileno(), number);
  EXPECT_TRUE(ready().empty());
}

// The number of a closed device that another file has now.
TEST_F(DevpollStandInTest, WhatIsNoDevice) {
  const Pipe pipe;
  const File other = dup_to(pipe.writer, device_.release());
  pollfd event;
  EXPECT_EQ(kernel::devpoll_wait(other.fileno(), &event, 1, kNow), -1);
  EXPECT_EQ(errno, ENXIO);
}

TEST_F(DevpollStandInTest, TheSetBelongsToTheProcessThatUsedItFirst) {
  const Pipe pipe;
  EXPECT_TRUE(write(pipe.writer, POLLOUT));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool wrote = write(pipe.reader, POLLIN);
    ::_exit(!wrote && errno == EACCES ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(only_revents(pipe.writer), POLLOUT);
}

}  // namespace
}  // namespace tests

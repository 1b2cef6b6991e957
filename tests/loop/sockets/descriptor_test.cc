// `Descriptor` and `Io`: operations that wait again without asking the kernel.

#include "loop/sockets/descriptor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/sockets/io_awaiter.h"
#include "tests/loop/selector_loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::File;
using tests::Pipe;
using tests::SocketPair;
using namespace std::chrono_literals;

// Reads one byte.
struct ReadByte {
  Descriptor& descriptor() const { return from; }
  FdHandlers::Side side() const { return FdHandlers::kReader; }
  bool waits_first() const { return false; }
  bool attempt() {
    ++attempts;
    const ssize_t count = ::read(from.fileno(), &byte, 1);
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) throw selectors::make_os_error(errno, "read");
    return true;
  }
  std::string result() const { return {byte}; }

  Descriptor& from;
  int& attempts;
  char byte = 0;
};

class DescriptorTest : public SelectorLoopTest {
 protected:
  Coroutine<std::string> read(Descriptor& from, int count) {
    std::string text;
    while (count-- > 0) text += co_await Io(ReadByte{from, attempts_});
    co_return text;
  }
  Coroutine<int> error_of_read(Descriptor& from) {
    try {
      co_await Io(ReadByte{from, attempts_});
    } catch (const OSError& error) {
      co_return error.code().value();
    }
    co_return 0;
  }
  bool has_reader(int fd) { return loop_->remove_reader(fd); }

  int attempts_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Selectors, DescriptorTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(DescriptorTest, AnOperationIsTriedFirst) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  pair.second.write("ab");
  EXPECT_EQ(run_until_complete(start(read(from, 2))), "ab");
  EXPECT_EQ(attempts_, 2);
  EXPECT_FALSE(has_reader(from.fileno())) << "nothing had to wait";
}

TEST_P(DescriptorTest, ATaskGoesOnWhenTheOperationIsDone) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(read(from, 1));
  turn();
  pair.second.write("a");
  turn();
  EXPECT_EQ(task.result(), "a");
  EXPECT_EQ(attempts_, 2);
}

// epoll_ctl is called for the first waits only.
TEST_P(DescriptorTest, WaitingAgainCostsNoSystemCall) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(read(from, 10));
  const auto next = [&] {
    turn(1);
    pair.second.write("a");
    turn(1);
  };
  for (int i = 0; i < 4; ++i) next();  // A level from the second report on.
  tests::CallCounter calls;
  for (int i = 0; i < 5; ++i) next();
  EXPECT_EQ(std::count(calls.names().begin(), calls.names().end(), "epoll_ctl"),
            0);
  EXPECT_EQ(std::count(calls.names().begin(), calls.names().end(), "kevent"),
            GetParam().name == std::string("KqueueSelector") ? 10 : 0)
      << "one for each iteration";
  task.cancel();
  turn();
}

// An event for which nobody waits must not come again and again.
TEST_P(DescriptorTest, AnEventBetweenTwoWaitsEndsTheRegistration) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  auto task = start(read(from, 1));
  turn();
  pair.second.write("ab");
  turn();
  EXPECT_EQ(task.result(), "a");
  turn();
  EXPECT_FALSE(has_reader(from.fileno()));
  EXPECT_EQ(run_until_complete(start(read(from, 1))), "b");

  task = start(read(from, 1));  // And waiting works again.
  turn();
  pair.second.write("c");
  turn();
  EXPECT_EQ(task.result(), "c");
}

TEST_P(DescriptorTest, ACancelledOperationLosesNothing) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(read(from, 1));
  turn();
  task.cancel();
  pair.second.write("a");
  turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(run_until_complete(start(read(from, 1))), "a");
}

TEST_P(DescriptorTest, CloseEndsTheWait) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(error_of_read(from));
  turn();
  from.close();
  turn();
  EXPECT_EQ(task.result(), EBADF);
  EXPECT_EQ(from.fileno(), -1);
}

// The kernel's entry is deleted, once, before the descriptor is closed.
TEST_P(DescriptorTest, CloseAsksTheSelectorOnce) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(read(from, 4));
  for (int i = 0; i < 4; ++i) {  // A level from the second report on.
    turn(1);
    pair.second.write("a");
    turn(1);
  }
  EXPECT_TRUE(task.done());
  tests::CallCounter calls;
  from.close();
  turn();
  const auto& names = calls.names();
  const auto close = std::find(names.begin(), names.end(), "close");
  ASSERT_NE(close, names.end());
  EXPECT_LE(close - names.begin(), 1) << "select and poll make no call";
  EXPECT_EQ(std::count(close, names.end(), "epoll_ctl"), 0);
}

// The number of a closed descriptor is free for another, which is watched anew.
TEST_P(DescriptorTest, TheNextDescriptorMayHaveTheSameNumber) {
  int fd = -1;
  for (int i = 0; i < 3; ++i) {
    SocketPair pair;
    Descriptor from(fd < 0 ? pair.first.release()
                           : tests::dup_to(pair.first, fd).release());
    fd = from.fileno();
    const auto task = start(read(from, 1));
    turn();
    pair.second.write("a");
    turn();
    EXPECT_EQ(task.result(), "a") << i;
  }
}

TEST_P(DescriptorTest, DetachLeavesTheDescriptorOpen) {
  SocketPair pair;
  Descriptor from(pair.first.release());
  const auto task = start(read(from, 1));
  turn();
  pair.second.write("a");
  turn();
  const File given_up(from.detach());
  EXPECT_FALSE(has_reader(given_up.fileno()));
  pair.second.write("b");
  EXPECT_EQ(given_up.read(), "b");
  EXPECT_EQ(task.result(), "a");
}

TEST_P(DescriptorTest, MovesAndMayOutliveItsLoops) {
  SocketPair pair;
  Descriptor first(pair.first.release());
  for (int i = 0; i < 2; ++i) {
    const auto task = start(read(first, 1));
    turn();
    pair.second.write("a");
    turn();
    EXPECT_EQ(task.result(), "a") << i;
    loop_.emplace(make_selector());
  }
  Descriptor second(std::move(first));
  EXPECT_EQ(first.fileno(), -1);  // NOLINT: moved from.
  first = std::move(second);
  EXPECT_NE(first.fileno(), -1);
  loop_->close();
}

}  // namespace
}  // namespace loop

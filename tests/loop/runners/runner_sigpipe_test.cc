// SIGPIPE while a Runner exists: a write that nobody reads fails with EPIPE.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/runners/runner.h"
#include "loop/tasks/sleep.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using Disposition = void (*)(int);

Disposition disposition() {
  struct sigaction present {};
  ::sigaction(SIGPIPE, nullptr, &present);
  return present.sa_handler;
}

void handle(int) {}

class RunnersSigpipeTest : public ::testing::Test {
 protected:
  RunnersSigpipeTest() : before_(::signal(SIGPIPE, SIG_DFL)) {}
  ~RunnersSigpipeTest() override { ::signal(SIGPIPE, before_); }

 private:
  const Disposition before_;
};

void expect_broken(const File& file) {
  EXPECT_EQ(::write(file.fileno(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
}

// Writes to a client that has gone, and to a pipe without a reader.
Coroutine<> write_to_nobody() {
  SocketPair sockets;
  sockets.second.close();
  Pipe pipe;
  pipe.reader.close();
  for (int i = 0; i < 3; ++i) {
    expect_broken(sockets.first);
    expect_broken(pipe.writer);
    co_await sleep(0s);
  }
}

TEST_F(RunnersSigpipeTest, AWriteThatNobodyReadsFails) {
  run(write_to_nobody());
  EXPECT_EQ(disposition(), SIG_DFL);
}

TEST_F(RunnersSigpipeTest, AlsoWhenARunnerIsClosed) {
  const auto clean_up = []() -> Coroutine<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await write_to_nobody();
  };
  {
    Runner runner;
    create_task(runner.get_loop(), clean_up());
    runner.run(sleep(0s));
  }
  EXPECT_EQ(disposition(), SIG_DFL);
}

TEST_F(RunnersSigpipeTest, AlsoInOtherThreads) {
  std::thread([] { run(write_to_nobody()); }).join();
  EXPECT_EQ(disposition(), SIG_DFL);
}

// Whichever ends first.
TEST_F(RunnersSigpipeTest, TwoRunners) {
  for (const bool first_ends_first : {true, false}) {
    std::optional<Runner> first(std::in_place), second(std::in_place);
    std::optional<Runner>& ends = first_ends_first ? first : second;
    std::optional<Runner>& stays = first_ends_first ? second : first;
    ends.reset();
    stays->run(write_to_nobody());
    stays.reset();
    EXPECT_EQ(disposition(), SIG_DFL);
  }
}

TEST_F(RunnersSigpipeTest, WhatTheProgramHasSetStays) {
  const auto check = [](Disposition set) -> Coroutine<> {
    EXPECT_EQ(disposition(), set);
    co_return;
  };
  for (const Disposition set : {SIG_IGN, handle}) {
    ::signal(SIGPIPE, set);
    run(check(set));
    EXPECT_EQ(disposition(), set);
  }
}

TEST_F(RunnersSigpipeTest, WhatTheProgramSetsMeanwhileStays) {
  const auto set = []() -> Coroutine<> {
    ::signal(SIGPIPE, handle);
    co_return;
  };
  run(set());
  EXPECT_EQ(disposition(), handle);
}

TEST_F(RunnersSigpipeTest, ASignalHandlerOfTheLoopGetsIt) {
  int arrived = 0;
  const auto main = [&]() -> Coroutine<> {
    get_running_loop().add_signal_handler(SIGPIPE, [&] { ++arrived; });
    co_await write_to_nobody();
    co_await sleep(0s);
    get_running_loop().remove_signal_handler(SIGPIPE);
    co_await write_to_nobody();
  };
  run(main());
  EXPECT_GT(arrived, 0);
  EXPECT_EQ(disposition(), SIG_DFL);
}

// `yes | head` must end in a program that is started meanwhile, too.
TEST_F(RunnersSigpipeTest, ProgramsThatAreStartedGetTheDefault) {
  const auto main = []() -> Coroutine<> {
    EXPECT_EQ(::system("kill -PIPE $$; exit 3"), SIGPIPE);
    co_return;
  };
  run(main());
}

}  // namespace
}  // namespace loop

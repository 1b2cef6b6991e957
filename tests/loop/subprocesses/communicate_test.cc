// The pipes of a `Process`, and communicate(). After CPython 3.15's
// test_asyncio/test_subprocess.py.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

#include "loop/streams/stream_reader.h"
#include "loop/streams/stream_writer.h"
#include "loop/subprocesses/process.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/subprocesses/process_fixture.h"

namespace loop {
namespace {

// More than a pipe holds.
constexpr std::size_t kLarge = 1 << 20;

class CommunicateTest : public ProcessTest {
 protected:
  static SubprocessOptions pipes() {
    SubprocessOptions options;
    options.stdin_ = options.stdout_ = options.stderr_ = PIPE;
    return options;
  }
  ProcessOutput communicate(const Process& process, std::string input = "") {
    return run(process.communicate(std::move(input)));
  }
};
INSTANTIATE_TEST_SUITE_P(Kinds, CommunicateTest, process_kinds(), name_of);

TEST_P(CommunicateTest, StdinStdout) {
  const auto body = [](Process cat) -> Coroutine<std::string> {
    cat.stdin_->write("some ");
    cat.stdin_->write("data");
    co_await cat.stdin_->drain();
    cat.stdin_->close();
    const std::string data = co_await cat.stdout_->read();
    EXPECT_EQ(co_await cat.wait(), 0);
    co_return data;
  };
  EXPECT_EQ(run(body(exec("cat", {}, pipes()))), "some data");
}

// The lines come one by one, while the process is running.
TEST_P(CommunicateTest, ADialogue) {
  const auto body = [](Process process) -> Coroutine<> {
    for (const std::string line : {"one\n", "two\n"}) {
      process.stdin_->write(line);
      EXPECT_EQ(co_await process.stdout_->readline(), "got " + line);
    }
    process.stdin_->close();
    EXPECT_EQ(co_await process.stdout_->readline(), "");
    EXPECT_EQ(co_await process.wait(), 0);
  };
  run(body(shell("while read line; do echo got $line; done", pipes())));
}

TEST_P(CommunicateTest, Communicate) {
  const Process process = shell("cat; echo err >&2; exit 3", pipes());
  const ProcessOutput output = communicate(process, "some data");
  EXPECT_EQ(output.stdout_, "some data");
  EXPECT_EQ(output.stderr_, "err\n");
  EXPECT_EQ(process.returncode(), 3);
}

TEST_P(CommunicateTest, CommunicateNoneInput) {
  EXPECT_EQ(communicate(exec("cat", {}, pipes())).stdout_, "")
      << "the input is closed";
  EXPECT_EQ(communicate(exec("true", {})).stdout_, "") << "no pipe";
  EXPECT_THROW(communicate(exec("true", {}), "input"), ValueError);
}

// The process reads a part, and writes more than a pipe holds to both outputs.
TEST_P(CommunicateTest, AllPipesAreServedAtTheSameTime) {
  const std::string input(kLarge, 'x');
  const Process process = exec("tee", {"/dev/stderr"}, pipes());
  const ProcessOutput output = communicate(process, input);
  EXPECT_TRUE(output.stdout_ == input);
  EXPECT_TRUE(output.stderr_ == input);
}

TEST_P(CommunicateTest, CommunicateIgnoreBrokenPipe) {
  const Process process = shell("exit 5", pipes());
  const ProcessOutput output = communicate(process, std::string(kLarge, 'x'));
  EXPECT_EQ(output.stdout_, "");
  EXPECT_EQ(process.returncode(), 5);
}

TEST_P(CommunicateTest, StdinBrokenPipe) {
  const auto body = [](Process process) -> Coroutine<int> {
    co_await process.wait();
    try {
      process.stdin_->write("data");
      co_await process.stdin_->drain();
    } catch (const OSError& error) {
      co_return error.code().value();
    }
    co_return 0;
  };
  EXPECT_EQ(run(body(exec("true", {}, pipes()))), EPIPE);
}

TEST_P(CommunicateTest, ReadStdoutPostExit) {
  const auto body = [](Process process) -> Coroutine<std::string> {
    co_await process.wait();
    co_return co_await process.stdout_->read();
  };
  EXPECT_EQ(run(body(shell("echo out", pipes()))), "out\n");
}

TEST_P(CommunicateTest, ALineLongerThanTheLimit) {
  SubprocessOptions options = pipes();
  options.limit = 5;
  const auto body = [](Process process) -> Coroutine<std::string> {
    co_return co_await process.stdout_->readline();
  };
  EXPECT_THROW(run(body(shell("echo too long", options))), ValueError);
}

TEST_P(CommunicateTest, CancelCommunicate) {
  const Process process = exec("sleep", {"1000"}, pipes());
  const auto task = start(process.communicate());
  turn();
  task.cancel();
  turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(process.returncode(), std::nullopt) << "it runs on";
  process.kill();
  EXPECT_EQ(wait(process), -SIGKILL);
}

// The other end is told when the last handle of the process is destroyed.
TEST_P(CommunicateTest, AProcessWithoutHandlesHasNoPipes) {
  const int pid = exec("cat", {}, pipes()).pid();
  while (::kill(pid, 0) == 0) loop_->run_once();
}

// gh-119710
TEST_P(CommunicateTest, WaitDoesNotWaitForAPipe) {
  const auto body = [](Process process) -> Coroutine<> {
    const std::string grandchild = co_await process.stdout_->readline();
    EXPECT_EQ(co_await process.wait(), 3);
    ::kill(std::stoi(grandchild), SIGKILL);
  };
  run(body(shell("sleep 1000 & echo $!; exit 3", pipes())));
}

}  // namespace
}  // namespace loop

// The end of a `Process` handle, of its loop, and of the descriptors; processes
// that other code reaps.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "loop/subprocesses/process.h"
#include "tests/loop/subprocesses/process_fixture.h"

namespace loop {
namespace {

using ProcessLifetimeTest = ProcessTest;
INSTANTIATE_TEST_SUITE_P(Kinds, ProcessLifetimeTest, process_kinds(), name_of);

bool exists(int pid) { return ::kill(pid, 0) == 0; }

TEST_P(ProcessLifetimeTest, AProcessWithoutHandlesRunsOnAndIsReaped) {
  const Pipe pipe = blocking_pipe();
  SubprocessOptions options;
  options.stdin_ = pipe.reader.fileno();
  const int pid = shell("read line", options).pid();
  turn();
  EXPECT_TRUE(exists(pid));
  pipe.writer.write("\n");
  while (exists(pid)) loop_->run_once();  // A zombie exists, too.
}

// asyncio: CloseKillRunning, gh-114177.
TEST_P(ProcessLifetimeTest, ClosingTheLoopKillsAndReaps) {
  const Process process = sleeper();
  loop_->close();
  EXPECT_FALSE(exists(process.pid()));
  EXPECT_EQ(process.returncode(), -SIGKILL);
  process.terminate();
}

TEST_P(ProcessLifetimeTest, CloseDontKillFinished) {
  const Process process = exec("true", {});
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(process.pid()), &info, WEXITED | WNOWAIT);
  loop_->close();
  EXPECT_EQ(process.returncode(), 0);
}

TEST_P(ProcessLifetimeTest, ATaskThatWaitsWhenTheLoopClosesIsDestroyed) {
  const auto task = start(wait_in_loop(sleeper()));
  turn();
  loop_->close();
  EXPECT_FALSE(task.done());
  reports_.clear();  // The pending task is reported.
}

TEST_P(ProcessLifetimeTest, AChildOfForkThatClosesTheLoopKillsNobody) {
  const Process process = sleeper();
  const pid_t child = ::fork();
  if (child == 0) {
    loop_->close();
    ::_exit(exists(process.pid()) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  process.kill();
  EXPECT_EQ(wait(process), -SIGKILL);
}

// Each of the system calls of a start that may need a descriptor fails.
// gh-103847, gh-145551: in 3.13 a start whose pipes fail hangs.
TEST_P(ProcessLifetimeTest, AStartThatFailsLeavesNothing) {
  SubprocessOptions options;
  options.stdin_ = options.stdout_ = options.stderr_ = PIPE;
  for (int nth = 1;; ++nth) {
    const std::set<int> before = tests::open_fds();
    const auto body = [](int failing,
                         SubprocessOptions given) -> Coroutine<bool> {
      const FaultInjector fault(failing, EMFILE, [](const auto& call) {
        return !FaultInjector::is(call, "close") &&
               !FaultInjector::is(call, "sigaction");
      });
      try {
        create_subprocess_exec("sleep", {"1000"}, given);
      } catch (const OSError& error) {
        EXPECT_EQ(error.code().value(), EMFILE);
      }
      co_return fault.fired();
    };
    const bool fired = run(body(nth, options));
    if (!fired) {
      EXPECT_GT(nth, 2);
      break;
    }
    EXPECT_FALSE(has_children()) << nth;
    EXPECT_EQ(tests::open_fds(), before) << nth;
  }
}

// The program ignores SIGCHLD, so the kernel reaps its children, and waiting
// fails. The fixture checks that the pidfd is closed.
TEST_P(ProcessLifetimeTest, AnUnknownStatusIs255) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(wait(exec("true", {})), 255);
  EXPECT_EQ(reports_.size(), 1u);
  reports_.clear();
  ::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace loop

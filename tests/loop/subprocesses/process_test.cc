// `Process`: exit status, signals, waiting. After CPython 3.15's
// test_asyncio/test_subprocess.py.

#include "loop/subprocesses/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "loop/futures/errors.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/subprocesses/process_fixture.h"

namespace loop {
namespace {

INSTANTIATE_TEST_SUITE_P(Kinds, ProcessTest, process_kinds(), name_of);

// Waits until a process is a zombie, which it stays.
void wait_for_zombie(const Process& process) {
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process.pid()), &info,
                     WEXITED | WNOWAIT),
            0);
}

TEST_P(ProcessTest, Exec) {
  const Process process = exec("sh", {"-c", "exit 7"});
  EXPECT_GT(process.pid(), 0);
  EXPECT_EQ(wait(process), 7);
  EXPECT_EQ(process.returncode(), 7);
  EXPECT_EQ(wait(process), 7) << "the status stays";
  EXPECT_EQ(wait(exec("true", {})), 0);
}

TEST_P(ProcessTest, Shell) {
  EXPECT_EQ(wait(shell("exit 7")), 7);
  EXPECT_EQ(wait(shell("kill -USR1 $$")), -SIGUSR1);
}

TEST_P(ProcessTest, Kill) {
  const Process process = sleeper();
  process.kill();
  EXPECT_EQ(wait(process), -SIGKILL);
}

TEST_P(ProcessTest, Terminate) {
  const Process process = sleeper();
  process.terminate();
  EXPECT_EQ(wait(process), -SIGTERM);
}

TEST_P(ProcessTest, SendSignal) {
  const Process process = sleeper();
  EXPECT_THROW(process.send_signal(12345), OSError);
  process.send_signal(0);  // Only asks whether it exists.
  process.send_signal(SIGHUP);
  EXPECT_EQ(wait(process), -SIGHUP);
}

// gh-127049
TEST_P(ProcessTest, SubprocessSendSignalRace) {
  const auto body = []() -> Coroutine<Process> {
    const Process process = create_subprocess_exec("true");
    wait_for_zombie(process);  // The loop does not know of the end yet.
    EXPECT_EQ(process.returncode(), std::nullopt);
    process.send_signal(SIGTERM);
    EXPECT_EQ(co_await process.wait(), 0);
    co_return process;
  };
  const Process process = run(body());
  const tests::CallCounter calls;
  process.send_signal(SIGTERM);
  process.terminate();
  process.kill();
  EXPECT_EQ(calls.count(), 0u) << "the number may be another process's";
}

TEST_P(ProcessTest, ManyTasksWait) {
  const Process process = sleeper();
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(start(wait_in_loop(process)));
  turn();
  tasks[1].cancel();
  tasks[3].cancel();
  turn();
  process.kill();
  for (const std::size_t i : {0u, 2u, 4u}) {
    EXPECT_EQ(run_until_complete(tasks[i]), -SIGKILL);
  }
  EXPECT_TRUE(tasks[1].cancelled());
  EXPECT_TRUE(tasks[3].cancelled());
}

TEST_P(ProcessTest, CancelProcessWait) {
  const Process process = sleeper();
  const auto body = [](Process sleeping) -> Coroutine<> {
    co_await wait_for(sleeping.wait(), 0s);
  };
  EXPECT_THROW(run(body(process)), TimeoutError);
  EXPECT_EQ(process.returncode(), std::nullopt) << "it runs on";
  process.kill();
  EXPECT_EQ(wait(process), -SIGKILL);
}

// gh-119710
TEST_P(ProcessTest, WaitEndsWithTheProcessIfAGrandchildHoldsAPipe) {
  const Pipe pipe;
  SubprocessOptions options;
  options.stdout_ = pipe.writer.fileno();
  EXPECT_EQ(wait(shell("sleep 1000 & echo $!; exit 3", options)), 3);
  ::kill(std::stoi(pipe.reader.read()), SIGKILL);
}

TEST_P(ProcessTest, ATaskOfAnotherLoopCannotWait) {
  const Process process = sleeper();
  EventLoop other;
  EXPECT_THROW(run_until_complete(create_task(other, wait_in_loop(process))),
               RuntimeError);
  process.kill();
  wait(process);
}

TEST_P(ProcessTest, NeedsARunningLoop) {
  EXPECT_THROW(create_subprocess_exec("true"), RuntimeError);
}

TEST_P(ProcessTest, TwoHundredAtATime) {
  std::vector<Process> processes;
  for (int i = 0; i < 200; ++i) {
    processes.push_back(exec("sh", {"-c", "exit " + std::to_string(i)}));
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(wait(processes[i]), i);
}

// The end of the process ends the sleep of the loop, once.
TEST_P(ProcessTest, ARunningProcessCostsNoIterations) {
  const Pipe pipe = blocking_pipe();
  SubprocessOptions options;
  options.stdin_ = pipe.reader.fileno();
  const auto task = start(wait_in_loop(shell("read line", options)));
  turn();
  EXPECT_FALSE(task.done());
  pipe.writer.write("\n");
  loop_->run_once();
  turn();
  EXPECT_TRUE(task.done());
}

}  // namespace
}  // namespace loop

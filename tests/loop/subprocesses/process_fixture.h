// `ProcessTest`: a loop that starts real programs, on each selector of this
// system, and without a pidfd.

#ifndef TESTS_LOOP_SUBPROCESSES_PROCESS_FIXTURE_H_
#define TESTS_LOOP_SUBPROCESSES_PROCESS_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/subprocesses/process.h"
#include "selectors/epoll_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"
#include "tests/support/selector_kind.h"

namespace loop {

using tests::FaultInjector;
using tests::File;
using tests::Pipe;
using namespace std::chrono_literals;

// A selector, and whether the kernel has pidfds.
struct ProcessKind : tests::SelectorKind {
  bool has_pidfd = true;
};

inline auto process_kinds() {
  using tests::selector_kind;
  return ::testing::Values(
      ProcessKind{selector_kind<selectors::SelectSelector>("SelectSelector")},
      ProcessKind{selector_kind<selectors::PollSelector>("PollSelector")},
      ProcessKind{selector_kind<selectors::EpollSelector>("EpollSelector")},
      ProcessKind{selector_kind<selectors::EpollSelector>("WithoutPidfd"),
                  false});
}

inline std::string name_of(const ::testing::TestParamInfo<ProcessKind>& info) {
  return info.param.name;
}

// Returns whether this program has a child, running or not.
inline bool has_children() {
  siginfo_t info;
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// A pipe whose end for reading blocks, as programs expect of their input.
inline Pipe blocking_pipe() {
  Pipe pipe;
  ::fcntl(pipe.reader.fileno(), F_SETFL, 0);
  return pipe;
}

// Nothing may be reported to the exception handler, unless the test takes the
// reports. In the end no child and no descriptor may be left.
class ProcessTest : public tests::NoLeak,
                    public ::testing::WithParamInterface<ProcessKind> {
 protected:
  void SetUp() override {
    NoLeak::SetUp();
    fds_ = tests::open_fds();
    if (!GetParam().has_pidfd) {
      no_pidfd_.emplace(FaultInjector::kAll, ENOSYS, [](const auto& call) {
        return FaultInjector::is(call, "pidfd_open");
      });
    }
    loop_.emplace(GetParam().make());
    loop_->set_exception_handler(
        [this](EventLoop&, const ExceptionContext& context) {
          reports_.push_back(context.message);
        });
  }
  void TearDown() override {
    loop_.reset();
    no_pidfd_.reset();
    EXPECT_FALSE(has_children());
    EXPECT_EQ(reports_, std::vector<std::string>());
    // The thread that reports an exit closes its end of the pipe after that.
    while (!GetParam().has_pidfd && tests::open_fds() != fds_) {
      std::this_thread::yield();
    }
    NoLeak::TearDown();
  }

  template <class T>
  Task<T> start(Coroutine<T> coroutine) {
    return create_task(*loop_, std::move(coroutine));
  }
  template <class T>
  T run(Coroutine<T> coroutine) {
    return run_until_complete(start(std::move(coroutine)));
  }
  void turn(int count = 3) {
    for (int i = 0; i < count; ++i) loop_->run_once(0ns);
  }

  // Starts a program in the loop, which is not running.
  Process exec(std::string program, std::vector<std::string> args,
               SubprocessOptions options = {}) {
    return run(
        exec_in_loop(std::move(program), std::move(args), std::move(options)));
  }
  Process shell(std::string command, SubprocessOptions options = {}) {
    return run(shell_in_loop(std::move(command), std::move(options)));
  }
  // Starts a program that runs until it gets a signal.
  Process sleeper() { return exec("sleep", {"1000"}); }

  int wait(Process process) { return run(wait_in_loop(std::move(process))); }

  // Returns what a program writes to its standard output before it ends.
  std::string output(std::string program, std::vector<std::string> args,
                     SubprocessOptions options = {}) {
    const Pipe pipe;
    options.stdout_ = pipe.writer.fileno();
    EXPECT_EQ(wait(exec(std::move(program), std::move(args), options)), 0);
    return pipe.reader.read();
  }

  static Coroutine<Process> exec_in_loop(std::string program,
                                         std::vector<std::string> args,
                                         SubprocessOptions options) {
    co_return create_subprocess_exec(program, args, options);
  }
  static Coroutine<Process> shell_in_loop(std::string command,
                                          SubprocessOptions options) {
    co_return create_subprocess_shell(command, options);
  }
  static Coroutine<int> wait_in_loop(Process process) {
    co_return co_await process.wait();
  }

  std::set<int> fds_;
  std::vector<std::string> reports_;
  std::optional<FaultInjector> no_pidfd_;
  std::optional<EventLoop> loop_;
};

}  // namespace loop

#endif  // TESTS_LOOP_SUBPROCESSES_PROCESS_FIXTURE_H_

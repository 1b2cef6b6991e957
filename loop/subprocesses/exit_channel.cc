#include "loop/subprocesses/exit_channel.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include "loop/callbacks/finally.h"
#include "loop/subprocesses/kernel.h"
#include "loop/subprocesses/pipe.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// Waits until a process has ended, and leaves its exit status. Then writes to
// the pipe: a child of fork() may hold a copy of this end, so that closing it
// would not be enough. SIGPIPE, if the other end is closed, is blocked. These
// calls cannot be traced, as no interceptor need exist until they return.
void report_exit(pid_t pid, int writer) {
  siginfo_t info;
  int result;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  } while (result != 0 && errno == EINTR);
  [[maybe_unused]] const auto written = ::write(writer, "x", 1);
  ::close(writer);
}

// Starts a thread in which all signals are blocked.
void start_reporter(pid_t pid, int writer) {
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  const Finally restore([&] { pthread_sigmask(SIG_SETMASK, &old, nullptr); });
  std::thread(report_exit, pid, writer).detach();
}

}  // namespace

void ExitChannel::open_pipe() {
  auto [reader, writer] = make_pipe();
  start_reporter(pid_, writer.fileno());
  writer.detach();  // The thread closes it.
  descriptor_ = std::move(reader);
}

// Needs no thread: waiting for a process that is gone fails at once.
void ExitChannel::open_of_reaped() {
  auto [reader, writer] = make_pipe();
  report_exit(pid_, writer.detach());
  descriptor_ = std::move(reader);
}

void ExitChannel::send_signal(int signal_number) const {
  const int result = send_ == nullptr
                         ? kernel::kill(pid_, signal_number)
                         : send_(descriptor_.fileno(), signal_number);
  if (result == 0 || errno == ESRCH) return;
  throw selectors::make_os_error(
      errno, "signal " + std::to_string(signal_number) + " to process " +
                 std::to_string(pid_));
}

std::optional<int> ExitChannel::reap(bool waits) const {
  siginfo_t info{};
  const auto id =
      static_cast<id_t>(reaped_by_ == P_PID ? pid_ : descriptor_.fileno());
  const int options = WEXITED | (waits ? 0 : WNOHANG);
  while (kernel::waitid(reaped_by_, id, &info, options) != 0) {
    if (errno != EINTR) return kUnknown;
  }
  if (info.si_pid == 0) return std::nullopt;
  return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

}  // namespace loop

#include "loop/subprocesses/process_core.h"

#include <signal.h>

#include <exception>
#include <string>

#include "loop/callbacks/source_location.h"
#include "loop/coroutines/task_core.h"
#include "loop/futures/kept_by_loop.h"
#include "selectors/errors.h"

namespace loop {

using selectors::OSError;
using selectors::RuntimeError;

void ProcessCore::start(pid_t pid) {
  channel_ = ExitChannel(pid);
  try {
    auto& running = event_loop_.extension<KeptByLoop<ProcessCore>>();
    channel_.open();
    channel_.descriptor().note_wait(event_loop_.reference());
    event_loop_.wait(channel_.descriptor().fileno(), FdHandlers::kReader, *this,
                     SourceLocation());
    running.keep(*this);
  } catch (...) {
    kill_and_reap();
    channel_.close();
    throw;
  }
}

// To a process that was reaped nothing is sent: its number may belong to
// another process by now.
void ProcessCore::send_signal(int signal_number) const {
  if (!returncode_) channel_.send_signal(signal_number);
}

void ProcessCore::check_loop(const Frame& frame) const {
  if (is_over() || &TaskCore::of(frame).loop() == &event_loop_) return;
  throw RuntimeError("a task waits for a process of a different event loop");
}

int ProcessCore::result() const {
  if (!returncode_) std::rethrow_exception(error_);
  return *returncode_;
}

// The descriptor stays readable until the waiters are woken. If there is no
// memory for that, the next iteration goes on.
void ProcessCore::ready() {
  if (!returncode_) {
    returncode_ = channel_.reap();
    if (!returncode_) return;
    if (*returncode_ == ExitChannel::kUnknown) report_unknown();
  }
  waiters_.wake_all();
  end_wait();
  channel_.close();
  KeptByLoop<ProcessCore>::let_go(*this);
}

// The handler goes when the channel is closed.
void ProcessCore::end_wait() {
  event_loop_.end_wait(channel_.descriptor().fileno(), FdHandlers::kReader,
                       /*keep=*/true);
}

// The selector cannot watch the descriptor. The process stays in the list of
// its loop, which ends the process when it closes.
void ProcessCore::failed() { waiters_.wake_all(); }

void ProcessCore::report_unknown() const {
  event_loop_.call_exception_handler(
      {.message = "the exit status of process " + std::to_string(pid()) +
                  " is unknown, as other code has taken it: 255 is reported"});
}

void ProcessCore::abandon() {
  if (is_waiting()) end_wait();
  if (!returncode_) kill_and_reap();
  channel_.close();
  KeptByLoop<ProcessCore>::let_go(*this);
}

// Leaves a process that must not be signalled, because it runs for another
// user, and in a child of fork() the processes of the parent.
void ProcessCore::kill_and_reap() {
  returncode_ = ExitChannel::kUnknown;
  if (home_.is_left()) return;
  try {
    channel_.send_signal(SIGKILL);
    returncode_ = channel_.reap(/*waits=*/true);
  } catch (const OSError&) {
  }
}

}  // namespace loop

// `Process`: a running program. Port of asyncio.subprocess.Process.

#ifndef LOOP_SUBPROCESSES_PROCESS_H_
#define LOOP_SUBPROCESSES_PROCESS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/call_stack.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/frame_awaiter.h"
#include "loop/futures/reference.h"
#include "loop/locks/operation.h"
#include "loop/locks/wait_queue.h"
#include "loop/streams/stream_reader.h"
#include "loop/streams/stream_writer.h"
#include "loop/subprocesses/process_core.h"
#include "loop/subprocesses/subprocess_options.h"

namespace loop {

/// The result of Process::communicate().
class ProcessOutput {
 public:
  /// Makes a result of its two parts.
  ProcessOutput(std::string out, std::string err)
      : stdout_(std::move(out)), stderr_(std::move(err)) {}

  /// The data of the standard output; "" if it is no PIPE.
  std::string stdout_;
  /// The data of the standard error; "" if it is no PIPE.
  std::string stderr_;
};

/// A running program.
///
/// ```cpp
/// const auto process =
///     loop::create_subprocess_exec("date", {}, {.stdout_ = loop::PIPE});
/// const auto date = co_await process.stdout_->readline();
/// const int status = co_await process.wait();
/// ```
///
/// A handle: copies refer to one process. The loop in which the process was
/// started reaps it when it ends, whether or not a task waits or a handle
/// exists, so no zombie is left. A process without handles runs on, but its
/// pipes are closed, except those of which the program has kept the streams.
/// When the loop closes, it kills the processes that are still running, as
/// asyncio does, and waits for their end.
///
/// Threads: the loop's thread only.
///
/// Port of asyncio.subprocess.Process (CPython 3.15,
/// Lib/asyncio/subprocess.py).
class Process {
 public:
  class WaitAwaiter;

  /// Makes a handle of `core` without streams. For create_subprocess_exec().
  explicit Process(Reference<ProcessCore> core) : core_(std::move(core)) {}

  /// The standard input of the process, to write to; nullopt if it is no PIPE.
  std::optional<StreamWriter> stdin_;
  /// The standard output of the process, to read from; nullopt if it is no
  /// PIPE.
  std::optional<StreamReader> stdout_;
  /// The standard error of the process, to read from; nullopt if it is no PIPE.
  std::optional<StreamReader> stderr_;

  /// Returns the number of the process.
  int pid() const { return core_->pid(); }

  /// Returns the exit status: the exit code, or the negative number of the
  /// signal that ended the process; nullopt while the process is running, and
  /// until the loop has reaped it. 255 is reported if the status is unknown,
  /// because the program ignores SIGCHLD or reaps processes itself.
  std::optional<int> returncode() const { return core_->returncode(); }

  /// `co_await process.wait()` waits until the process has ended, and returns
  /// its exit status; see returncode(). Any number of tasks may wait, and a
  /// task that is cancelled changes nothing for the others. Does not wait for
  /// the end of the pipes, which a process of the process may hold open.
  /// Throws RuntimeError in a task of another loop, and OSError if the loop's
  /// selector cannot watch another descriptor.
  HeldOperation<ProcessCore, WaitAwaiter> wait() const {
    return HeldOperation<ProcessCore, WaitAwaiter>(core_);
  }

  /// Writes `input` to the standard input and closes it, reads the standard
  /// output and the standard error to their ends, all at the same time, and
  /// waits for the end of the process.
  ///
  /// ```cpp
  /// const auto sort = loop::create_subprocess_exec(
  ///     "sort", {}, {.stdin_ = loop::PIPE, .stdout_ = loop::PIPE});
  /// const auto output = co_await sort.communicate("b\na\n");
  /// output.stdout_;  // "a\nb\n"
  /// ```
  ///
  /// A process that ends, or closes its input, without reading all of `input`
  /// is no error. The outputs are kept in memory, however long they are.
  /// Throws ValueError if there is an input and stdin_ is no PIPE,
  /// RuntimeError while another task reads the streams, and OSError. If the
  /// task is cancelled, the process runs on, and the data that were read are
  /// lost.
  Coroutine<ProcessOutput> communicate(std::string input = "") const;

  /// Sends a signal. Has no effect on a process that has ended. Throws OSError
  /// for a number that is no signal (EINVAL), and for a process that runs for
  /// another user (EPERM).
  void send_signal(int signal_number) const {
    core_->send_signal(signal_number);
  }
  /// Sends SIGTERM, which asks the process to end; see send_signal().
  void terminate() const;
  /// Sends SIGKILL, which ends the process; see send_signal().
  void kill() const;

 private:
  friend Process create_subprocess_exec(const std::string&,
                                        const std::vector<std::string>&,
                                        const SubprocessOptions&);

  Reference<ProcessCore> core_;
};

class Process::WaitAwaiter final : public Waiter,
                                   public FrameAwaiter<Process::WaitAwaiter> {
 public:
  explicit WaitAwaiter(ProcessCore& core) : core_(core) {}

  bool await_ready() const { return core_.is_over(); }
  void suspend(Frame& frame) {
    core_.check_loop(frame);
    start(frame, core_.waiters(), core_.bound_loop());
  }
  int await_resume() {
    if (has_waited()) end_or_throw();
    return core_.result();
  }

 private:
  ProcessCore& core_;
};

/// Starts `program` with arguments in a new process, which the running loop
/// reaps.
///
/// ```cpp
/// const auto process = loop::create_subprocess_exec("ls", {"-l", folder});
/// ```
///
/// A `program` without '/' is looked up in PATH: that of `options.env`, if
/// given. The process gets its standard streams and no other descriptor. It
/// starts with no signal blocked; SIGPIPE and SIGXFSZ have their default
/// effect, and the signals that this program ignores are ignored.
///
/// Throws OSError, which names the program, if it cannot be started (ENOENT,
/// EACCES) or no descriptor is left (EMFILE); ValueError for an embedded NUL, a
/// name in the environment that is empty or contains '=', an option that is no
/// descriptor, or a limit of 0; RuntimeError if no loop is running.
///
/// Differs from Python: an ordinary function, because nothing in it waits for
/// the loop. It returns when the program has been loaded.
///
/// Port of asyncio.create_subprocess_exec.
Process create_subprocess_exec(const std::string& program,
                               const std::vector<std::string>& args = {},
                               const SubprocessOptions& options = {});

/// Starts a command of the shell, `/bin/sh -c command`, in a new process. A
/// command that contains text of others must quote it; create_subprocess_exec()
/// needs no quoting. Throws the errors of create_subprocess_exec().
///
/// Port of asyncio.create_subprocess_shell.
Process create_subprocess_shell(const std::string& command,
                                const SubprocessOptions& options = {});

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_PROCESS_H_

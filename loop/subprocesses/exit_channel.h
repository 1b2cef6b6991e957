// `ExitChannel`: the exit of a child process, as a descriptor.

#ifndef LOOP_SUBPROCESSES_EXIT_CHANNEL_H_
#define LOOP_SUBPROCESSES_EXIT_CHANNEL_H_

#include <sys/types.h>
#include <sys/wait.h>

#include <optional>

#include "loop/sockets/descriptor.h"

namespace loop {

// A child process of this program, with a descriptor that becomes readable when
// the process has ended. Needs no handler of SIGCHLD.
//
// On Linux the descriptor is a pidfd, if the kernel allows, elsewhere the end
// of a pipe to which a thread writes when waitid(2) has returned. The thread
// leaves the exit status to reap(). So until reap() the number of the process
// belongs to no other process, and a signal can hit no other.
//
// Movable, not copyable; not while a task waits.
class ExitChannel {
 public:
  // The exit status of a process that other code has reaped, or that nobody can
  // reap because the program ignores SIGCHLD. Port of asyncio's.
  static constexpr int kUnknown = 255;

  // Makes a channel of no process.
  ExitChannel() = default;
  // Makes a channel without a descriptor.
  explicit ExitChannel(pid_t pid) : pid_(pid) {}

  // Opens the descriptor. Throws OSError if none is left.
  void open();
  // Closes the descriptor, if there is one.
  void close() { descriptor_.close(); }

  pid_t pid() const { return pid_; }
  // The descriptor that becomes readable.
  Descriptor& descriptor() { return descriptor_; }

  // Sends a signal to the process, which has not been reaped. A process that
  // has ended does not get the signal. Throws OSError if the kernel refuses.
  void send_signal(int signal_number) const;

  // Takes the exit status of the process: the exit code, or the negative number
  // of the signal that ended the process, or kUnknown. Waits for the end if
  // `waits` is true; otherwise returns nullopt if the process is running.
  std::optional<int> reap(bool waits = false) const;

 private:
  // Opens a pipe, and starts a thread that waits for the process.
  void open_pipe();
  // Opens a pipe that is readable, for a process that is gone.
  void open_of_reaped();

  pid_t pid_ = 0;
  Descriptor descriptor_;
  // With a pidfd: P_PIDFD, and a function that sends a signal through it.
  idtype_t reaped_by_ = P_PID;
  int (*send_)(int pidfd, int signal_number) = nullptr;
};

}  // namespace loop

#endif  // LOOP_SUBPROCESSES_EXIT_CHANNEL_H_

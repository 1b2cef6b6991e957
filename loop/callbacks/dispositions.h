// Dispositions of signals: catching them for loops, and `SigpipeGuard`.

#ifndef LOOP_CALLBACKS_DISPOSITIONS_H_
#define LOOP_CALLBACKS_DISPOSITIONS_H_

namespace loop {

/// Sets the disposition of a signal to delivery to mailboxes.
/// Several loops may catch the same signal; each gets it. The number must be
/// valid; see Mailbox::is_signal(). A disposition that other code has set
/// meanwhile is replaced. No signal is blocked, so a child process has nothing
/// to unblock; exec() itself restores the dispositions. Throws RuntimeError for
/// a signal that cannot be caught (SIGKILL, SIGSTOP). From any thread.
void catch_signal(int signal_number);

/// Makes the kernel restore the default disposition when it delivers the signal
/// the next time. The second arrival then has the default effect, even if the
/// program is busy. For a caught signal; the next catch_signal() of this number
/// ends the effect. From any thread.
void reset_after_next(int signal_number);

/// Returns whether the signal has its default disposition. From any thread.
bool has_default_disposition(int signal_number);

/// A guard that keeps SIGPIPE from ending the process, as long as one guard
/// exists.
///
/// ```cpp
/// const loop::SigpipeGuard guard;
/// write(fd, "hello", 5);  // EPIPE if the reader has closed the pipe.
/// ```
///
/// A write(2) to a pipe or socket without a reader then fails with EPIPE. A
/// disposition that the program has set is left alone. Guards of several
/// threads may overlap in any way.
///
/// Differs from Python: the signal is caught and not ignored, because exec()
/// restores the default of caught signals but passes on ignored ones.
class SigpipeGuard {
 public:
  /// Catches SIGPIPE, unless the program has set its disposition.
  SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  /// Releases SIGPIPE: the last guard restores the old disposition.
  ~SigpipeGuard();

 private:
  const bool catches_;
};

/// Undoes one call of catch_signal() for this signal. The last release restores
/// the old disposition, unless other code has set another one meanwhile. From
/// any thread.
void release_signal(int signal_number);

}  // namespace loop

#endif  // LOOP_CALLBACKS_DISPOSITIONS_H_

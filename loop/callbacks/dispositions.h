// What a signal does to the whole process.

#ifndef LOOP_CALLBACKS_DISPOSITIONS_H_
#define LOOP_CALLBACKS_DISPOSITIONS_H_

namespace loop {

// Has a signal delivered to mailboxes from now on. Several loops may ask for
// the same one; each gets it. A disposition that somebody else has set
// meanwhile is replaced. Nothing is blocked, and so a child process has nothing
// to unblock; exec() restores the dispositions by itself. Throws RuntimeError
// for one that cannot be caught (SIGKILL, SIGSTOP).
void catch_signal(int signal_number);

// Has the kernel restore the default when the next one is delivered, so that
// the one after that does what it does by default, whatever the program is
// busy with. For a signal that is caught; until somebody catches it again.
void reset_after_next(int signal_number);

// Does the signal do what it does by default?
bool has_default_disposition(int signal_number);

/// `SigpipeGuard`: keeps SIGPIPE from ending the process as long as one exists,
/// if that is what the signal would do: write(2) to a pipe or socket that
/// nobody reads then fails with EPIPE. A disposition that the program has set
/// is left alone. Guards of several threads may overlap in any way. Differs
/// from Python: the signal is caught rather than ignored, because exec()
/// restores the default of what is caught and hands on what is ignored.
class SigpipeGuard {
 public:
  SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  ~SigpipeGuard();

 private:
  const bool catches_;
};

// The opposite of catch_signal(). After the last one the old disposition is
// restored, unless somebody else has set another one meanwhile.
void release_signal(int signal_number);

}  // namespace loop

#endif  // LOOP_CALLBACKS_DISPOSITIONS_H_

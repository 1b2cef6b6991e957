// What a signal does to the whole process.

#ifndef LOOP_CALLBACKS_DISPOSITIONS_H_
#define LOOP_CALLBACKS_DISPOSITIONS_H_

namespace loop {

// Has a signal delivered to mailboxes from now on. Several loops may ask for
// the same one; each gets it. Nothing is blocked, and so a child process has
// nothing to unblock; exec() restores the dispositions by itself.
// Throws RuntimeError for one that cannot be caught (SIGKILL, SIGSTOP).
void catch_signal(int signal_number);

// The opposite. After the last one the old disposition is restored, unless
// somebody else has set another one meanwhile.
void release_signal(int signal_number);

}  // namespace loop

#endif  // LOOP_CALLBACKS_DISPOSITIONS_H_

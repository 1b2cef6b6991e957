// The descriptor by which a sleeping loop is woken.

#ifndef LOOP_CALLBACKS_WAKE_CHANNEL_H_
#define LOOP_CALLBACKS_WAKE_CHANNEL_H_

namespace loop {

// Two ends: what is written into one makes the other readable. An eventfd on
// Linux, where both are the same descriptor; a pipe elsewhere. Neither blocks,
// and programs that are started with exec() do not get them.
//
// What is written is never looked at. It says only: wake up.
struct WakeChannel {
  int reader = -1;
  int writer = -1;

  // Throws OSError if there is no descriptor left.
  static WakeChannel open();
  void close();

  // If not, it is full when it has been written too often without being read.
  bool is_eventfd() const { return reader == writer; }

  // Reads all there is, so that it is not readable any more.
  void drain() const;
};

// The channel that every Unix has. Throws OSError.
WakeChannel open_pipe();

}  // namespace loop

#endif  // LOOP_CALLBACKS_WAKE_CHANNEL_H_

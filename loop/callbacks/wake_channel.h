// `WakeChannel`: the descriptor that wakes a blocked loop.

#ifndef LOOP_CALLBACKS_WAKE_CHANNEL_H_
#define LOOP_CALLBACKS_WAKE_CHANNEL_H_

namespace loop {

// A pair of descriptors: writing to one makes the other readable. An eventfd on
// Linux, where both are the same descriptor; a pipe elsewhere. Both are
// non-blocking and close-on-exec. The written data have no meaning.
struct WakeChannel {
  int reader = -1;
  int writer = -1;

  // Opens a channel. Throws OSError if no descriptor is left.
  static WakeChannel open();
  void close();

  // Returns whether this is an eventfd. A pipe becomes full if it is written
  // often and never read.
  bool is_eventfd() const { return reader == writer; }

  // Reads all data, so that the channel is not readable anymore.
  void drain() const;
};

// Opens the channel that every Unix has, a pipe. Throws OSError.
WakeChannel open_pipe();

}  // namespace loop

#endif  // LOOP_CALLBACKS_WAKE_CHANNEL_H_

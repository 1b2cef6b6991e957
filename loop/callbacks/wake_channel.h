// `WakeChannel`: the descriptor that wakes a blocked loop.

#ifndef LOOP_CALLBACKS_WAKE_CHANNEL_H_
#define LOOP_CALLBACKS_WAKE_CHANNEL_H_

namespace loop {

/// A pair of descriptors: a write to one makes the other readable. On Linux
/// both are one eventfd, if the kernel allows, elsewhere the ends of a pipe.
/// Both are non-blocking and close-on-exec. The written data have no meaning.
struct WakeChannel {
  /// The descriptor that becomes readable; -1 if the channel is closed.
  int reader = -1;
  /// The descriptor to write to; -1 if the channel is closed.
  int writer = -1;

  /// Opens a channel. Throws OSError if no descriptor is left.
  static WakeChannel open();
  /// Closes the channel. Closing twice has no effect.
  void close();

  /// Returns whether the channel is an eventfd. A pipe, by contrast, becomes
  /// full after many writes without a read.
  bool is_eventfd() const { return reader == writer; }

  /// Reads all data, so that the channel is not readable any more.
  void drain() const;
};

/// Opens a pipe, which every Unix has, as a channel. Throws OSError.
WakeChannel open_pipe();

}  // namespace loop

#endif  // LOOP_CALLBACKS_WAKE_CHANNEL_H_

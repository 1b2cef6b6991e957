// `Descriptor`: the owner of a descriptor for which tasks wait.

#ifndef LOOP_SOCKETS_DESCRIPTOR_H_
#define LOOP_SOCKETS_DESCRIPTOR_H_

#include <utility>

#include "loop/callbacks/handle.h"

namespace loop {

/// The owner of a descriptor, which it closes. A loop in which a task waited
/// for the descriptor keeps watching it, so that waiting again costs no system
/// call, until the owner closes it or gives it up.
///
/// Movable, not copyable; not while a task waits. Threads: any, one at a time;
/// from the first wait on, the thread of that loop only.
class Descriptor {
 public:
  /// Owns nothing.
  Descriptor() = default;
  /// Takes over `fd`, which is open.
  explicit Descriptor(int fd) : fd_(fd) {}
  /// Takes over the descriptor of `other`, which owns nothing afterwards.
  Descriptor(Descriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, kNone)),
        loop_(std::exchange(other.loop_, {})) {}
  /// Closes the present descriptor, and takes over that of `other`.
  Descriptor& operator=(Descriptor&& other) noexcept;
  /// Closes the descriptor.
  ~Descriptor() { close(); }

  /// Returns the number; -1 if there is no descriptor.
  int fileno() const { return fd_; }

  /// Gives up the descriptor and returns its number. Tasks that wait for it get
  /// OSError (EBADF).
  int detach();
  /// Closes the descriptor, if there is one. Tasks that wait for it get OSError
  /// (EBADF).
  void close();

  /// Returns the loop that watches the descriptor; nullptr if there is none, or
  /// the loop is closed. For awaiters.
  EventLoop* loop() const { return loop_.get(); }
  /// Notes that a task of `loop` is about to wait. For awaiters.
  void note_wait(const LoopReference& loop) {
    if (loop_ != loop) [[unlikely]]
      join_loop(loop);
  }

 private:
  static constexpr int kNone = -1;

  void join_loop(const LoopReference& loop);
  void leave_loop();

  int fd_ = kNone;
  LoopReference loop_;  // The loop of the last wait.
};

}  // namespace loop

#endif  // LOOP_SOCKETS_DESCRIPTOR_H_

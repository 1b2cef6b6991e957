// `readable()`, `writable()`, `has_priority()`: suspend a task until a
// descriptor is ready.

#ifndef LOOP_SOCKETS_READINESS_H_
#define LOOP_SOCKETS_READINESS_H_

#include "loop/sockets/descriptor_wait.h"

namespace loop {

/// The result of readable(), writable() and has_priority(), an operand for
/// `co_await`.
class [[nodiscard]] Readiness {
 public:
  class Awaiter;

  /// Makes the operand; use readable(), writable() or has_priority().
  Readiness(int fd, FdHandlers::Side side) : fd_(fd), side_(side) {}

  /// Suspends the task until the descriptor is ready.
  Awaiter operator co_await() const;

 private:
  int fd_;
  FdHandlers::Side side_;
};

class Readiness::Awaiter final : public DescriptorWait,
                                 public FrameAwaiter<Readiness::Awaiter> {
 public:
  Awaiter(int fd, Side side) : DescriptorWait(fd, side, /*keep=*/false) {}

  bool await_ready() const { return false; }
  void suspend(Frame& frame) { start(frame); }
  void await_resume() { check_outcome(); }
};

inline Readiness::Awaiter Readiness::operator co_await() const {
  return Awaiter(fd_, side_);
}

/// `co_await readable(fd)` suspends the task until `fd` can be read without
/// blocking, or is at its end or broken.
///
/// ```cpp
/// for (;;) {
///   const ssize_t count = read(fd, buffer, sizeof(buffer));
///   if (count >= 0) co_return count;
///   if (errno != EAGAIN) throw std::system_error(errno, ...);
///   co_await loop::readable(fd);
/// }
/// ```
///
/// At least one iteration passes, even if `fd` is ready. Another thread or task
/// may read the data first, so `fd` should be non-blocking.
///
/// Throws ValueError for a negative number and OSError (EBADF) for a number
/// that is not open; RuntimeError if the descriptor has a reader or another
/// task waits for it. Throws OSError during the wait if the kernel refuses to
/// watch `fd`, and RuntimeError if the reader is removed or replaced
/// (remove_reader()). If `fd` is closed during the wait, the wait may last
/// forever with epoll and kqueue, until a wait for a new file of that number
/// begins, and then throws OSError (EBADF). A Socket that is closed ends its
/// waits at once. A cancelled wait leaves no reader behind. Threads: the loop's
/// thread only. Beyond Python.
inline Readiness readable(int fd) { return {fd, FdHandlers::kReader}; }

/// `co_await writable(fd)` suspends the task until `fd` can be written to
/// without blocking, or is broken. Throws under the conditions that readable()
/// lists, for writers. Beyond Python.
inline Readiness writable(int fd) { return {fd, FdHandlers::kWriter}; }

/// `co_await has_priority(fd)` suspends the task until `fd` has something
/// urgent (selectors::EVENT_PRIORITY): out-of-band data of TCP, a change of a
/// file in /proc or /sys. Throws under the conditions that readable() lists,
/// for priority readers, and ValueError with a selector that does not support
/// the event. Beyond Python.
inline Readiness has_priority(int fd) {
  return {fd, FdHandlers::kPriorityReader};
}

}  // namespace loop

#endif  // LOOP_SOCKETS_READINESS_H_

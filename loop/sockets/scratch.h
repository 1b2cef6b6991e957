// `scratch()`: a buffer for received bytes that all tasks of a thread share, so
// that a task that has to wait holds none.

#ifndef LOOP_SOCKETS_SCRATCH_H_
#define LOOP_SOCKETS_SCRATCH_H_

#include <cstddef>
#include <memory>
#include <span>

namespace loop {

// The size of the buffer: one recv(2) takes up to this many bytes.
inline constexpr std::size_t kScratchSize = std::size_t{64} * 1024;

// Returns the buffer of this thread. Its bytes are valid until another task
// runs.
inline std::span<char, kScratchSize> scratch() {
  // Not value-initialized: make_unique() would touch all of its pages.
  static thread_local const std::unique_ptr<char[]> buffer(
      new char[kScratchSize]);
  return std::span<char, kScratchSize>(buffer.get(), kScratchSize);
}

}  // namespace loop

#endif  // LOOP_SOCKETS_SCRATCH_H_

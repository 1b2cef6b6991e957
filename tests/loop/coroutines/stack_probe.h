// Measures the part of the thread's stack that an operation uses.

#ifndef TESTS_LOOP_COROUTINES_STACK_PROBE_H_
#define TESTS_LOOP_COROUTINES_STACK_PROBE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace loop {

/// Measures the stack between the place where it was made and the deepest call
/// of note() below that.
class StackProbe {
 public:
  [[gnu::noinline]] void note() { deepest_ = std::min(deepest_, address()); }
  std::size_t used() const { return start_ - deepest_; }

 private:
  static std::uintptr_t address() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  }

  const std::uintptr_t start_ = address();
  std::uintptr_t deepest_ = start_;
};

/// Notes the stack when it is destroyed, wherever it was moved to.
class NotesItsEnd {
 public:
  explicit NotesItsEnd(StackProbe& probe) : probe_(&probe) {}
  NotesItsEnd(const NotesItsEnd&) = default;
  NotesItsEnd& operator=(const NotesItsEnd&) = default;
  ~NotesItsEnd() { probe_->note(); }

 private:
  StackProbe* probe_;
};

/// What an operation on a chain of any length may use. One link takes about a
/// hundred bytes, so that a chain of 100,000 would need 10 MB.
inline constexpr std::size_t kStackForChains = 64 * 1024;

}  // namespace loop

#endif  // TESTS_LOOP_COROUTINES_STACK_PROBE_H_

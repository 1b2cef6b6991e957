// `call()`: the one function through which the system calls of the library go.
//
// Each system call is a function in one of these headers: posix.h (every Unix),
// epoll.h (Linux), kqueue.h (BSD, macOS), devpoll.h (Solaris), and kernel.h in
// the packages of the loop. All of them use call(), except the trace itself and
// code that runs in a signal handler. One place therefore
//   - prints the calls if SELECTORS_TRACE=1 is set (trace.h),
//   - lets a test make the n-th call fail, with any errno,
//   - lets a test replace a kernel that this machine does not have,
//   - shows a learner every request of the library to a kernel.
//
// Only .cc files include these headers, so that no system header reaches a
// program that includes a selector.

#ifndef SELECTORS_KERNEL_CALL_H_
#define SELECTORS_KERNEL_CALL_H_

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "selectors/wait_limit.h"

namespace selectors::kernel {

/// An argument or the result of a system call: a register, which holds a number
/// or an address.
using Word = std::intptr_t;

struct Call;

/// The name of a system call, and the function that prints its arguments.
struct Syscall {
  /// The name: "epoll_ctl".
  const char* name;
  /// Appends the decoded arguments: "3, ADD, 5, IN". Runs after the call has
  /// returned, so that the text can include data that the kernel wrote through
  /// a pointer.
  void (*describe)(std::string& text, const Call& call);
};

/// One system call that is being made.
struct Call {
  const Syscall& syscall;
  std::span<const Word> args;
  Word result = 0;
  /// The errno, if `result` is -1.
  int error = 0;
  /// The time from the first enter() to the result.
  std::chrono::nanoseconds elapsed{};
};

/// Sees every system call between its construction and its destruction, and may
/// answer a call in place of the kernel.
///
/// ```cpp
/// class CallCounter : public selectors::kernel::Interceptor {
///  public:
///   void leave(const selectors::kernel::Call&) override { ++count; }
///
///   std::atomic<int> count = 0;
/// };
/// ```
///
/// An interceptor sees the calls of all threads, and must do its own locking.
/// Interceptors are made and destroyed in the order of a stack, only while no
/// other thread makes calls. An interceptor must not call select() of the
/// selector whose call it intercepts.
class Interceptor {
 public:
  /// Starts to intercept, before all older interceptors.
  Interceptor();
  Interceptor(const Interceptor&) = delete;
  Interceptor& operator=(const Interceptor&) = delete;
  /// Stops intercepting.
  virtual ~Interceptor();

  /// Runs before the call. A returned value is the result of the call, and the
  /// kernel is not called; set errno if that value is -1. nullopt, the default,
  /// passes the call on.
  virtual std::optional<Word> enter(const Call& call);

  /// Runs after the call, whether the kernel or an interceptor answered it.
  virtual void leave(const Call& call) = 0;

 private:
  friend Word intercepted(const Syscall&, std::span<const Word>,
                          const std::function<Word()>&);
  Interceptor* const next_;
};

// The newest interceptor, or nullptr. Each interceptor knows the next older
// one.
inline constinit std::atomic<Interceptor*> first_interceptor = nullptr;

// Makes a call through all interceptors. Calls `make` unless an interceptor
// answers. Returns the result, and sets errno if the result is -1.
Word intercepted(const Syscall& syscall, std::span<const Word> args,
                 const std::function<Word()>& make);

// Converts an argument to a Word.
inline Word to_word(std::integral auto number) {
  return static_cast<Word>(number);
}
inline Word to_word(const volatile void* address) {
  return reinterpret_cast<Word>(address);
}

// Makes a system call through the interceptors and returns its result.
template <class Make, class... Args>
[[gnu::noinline]] auto call_intercepted(const Syscall& syscall, Make make,
                                        Args... args) {
  // Not inlined: otherwise even callers that never come here would prepare the
  // stack space of this function.
  const auto make_it = [&]() -> Word { return make(args...); };
  const std::array<Word, sizeof...(args)> words = {to_word(args)...};
  return static_cast<decltype(make(args...))>(
      intercepted(syscall, words, make_it));
}

/// Makes a system call: calls `make`(args...) and returns its result. Costs one
/// branch if there is no interceptor.
template <class Make, class... Args>
inline auto call(const Syscall& syscall, Make make, Args... args) {
  if (first_interceptor.load() == nullptr) [[likely]]
    return make(args...);
  return call_intercepted(syscall, make, args...);
}

/// Returns the WaitLimit that an argument points to. For Syscall::describe.
inline const WaitLimit& timeout_of(const Call& call, std::size_t arg) {
  return *reinterpret_cast<const WaitLimit*>(call.args[arg]);
}

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_CALL_H_

// call(): the one function through which every system call goes.
//
// Each system call of this project, but for the trace's own writing, is a line
// in a page: posix.h (every Unix), epoll.h (Linux), kqueue.h (BSD, macOS),
// devpoll.h (Solaris), loop/callbacks/kernel.h (signals, pipes). All of them
// use call(), so that one place
//   - prints the calls if SELECTORS_TRACE=1 is set (trace.h),
//   - lets a test make the n-th call fail, with any errno,
//   - lets a test stand in for a kernel that this machine does not have,
//   - shows a learner everything that the library asks of a kernel.
//
// Pages are included from .cc files only, so that no system header reaches a
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

// What a system call takes and gives: a register, holding a number or an
// address.
using Word = std::intptr_t;

struct Call;

// The name of a system call, and how to print one.
struct Syscall {
  const char* name;
  // Appends the arguments, decoded: "3, ADD, 5, IN". Called when the call has
  // returned, so it can show what the kernel wrote through a pointer, too.
  void (*describe)(std::string& text, const Call& call);
};

// One system call that is being made.
struct Call {
  const Syscall& syscall;
  std::span<const Word> args;
  Word result = 0;
  int error = 0;  // errno, if result is -1
  std::chrono::nanoseconds elapsed{};
};

// Stands between the library and the kernel for as long as it lives. It sees
// the calls of all threads, and must do its own locking. Made and destroyed
// only while no other thread makes calls, in the order of a stack. It must not
// call select() of the selector whose call it intercepts.
class Interceptor {
 public:
  Interceptor();
  Interceptor(const Interceptor&) = delete;
  Interceptor& operator=(const Interceptor&) = delete;
  virtual ~Interceptor();

  // Before the call. A result that is returned here, with errno set if it is
  // -1, is the call's result, and the kernel is not asked.
  virtual std::optional<Word> enter(const Call& call);

  // After the call, whoever answered it.
  virtual void leave(const Call& call) = 0;

 private:
  friend Word intercepted(const Syscall&, std::span<const Word>,
                          const std::function<Word()>&);
  Interceptor* const next_;
};

inline constinit std::atomic<Interceptor*> first_interceptor = nullptr;

// Makes a call that somebody intercepts.
Word intercepted(const Syscall& syscall, std::span<const Word> args,
                 const std::function<Word()>& make);

inline Word to_word(std::integral auto number) {
  return static_cast<Word>(number);
}
inline Word to_word(const volatile void* address) {
  return reinterpret_cast<Word>(address);
}

// The same for any call. Never inlined: what it needs on the stack would
// otherwise be made ready by callers that do not come here.
template <class Make, class... Args>
[[gnu::noinline]] auto call_intercepted(const Syscall& syscall, Make make,
                                        Args... args) {
  const auto make_it = [&]() -> Word { return make(args...); };
  const std::array<Word, sizeof...(args)> words = {to_word(args)...};
  return static_cast<decltype(make(args...))>(
      intercepted(syscall, words, make_it));
}

// Makes a system call. Costs one branch when nobody intercepts.
template <class Make, class... Args>
inline auto call(const Syscall& syscall, Make make, Args... args) {
  if (first_interceptor.load() == nullptr) [[likely]]
    return make(args...);
  return call_intercepted(syscall, make, args...);
}

// For `describe`: the WaitLimit that an argument points to.
inline const WaitLimit& timeout_of(const Call& call, std::size_t arg) {
  return *reinterpret_cast<const WaitLimit*>(call.args[arg]);
}

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_CALL_H_

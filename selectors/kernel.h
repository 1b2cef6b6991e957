// The one door to the kernel.
//
// Every system call of this project, but for the trace's own writing, stands in
// a page like the second half of this file, and goes through call() below. That
// one place
//   - is what SELECTORS_TRACE=1 prints (trace.h),
//   - is where a test makes the n-th call fail, with any errno,
//   - is where a kernel that this machine does not have can be stood in for,
//   - tells a learner all that the library ever asks of a kernel.
//
// Pages: this one (every Unix), epoll_kernel.h (Linux), kqueue_kernel.h (BSD,
// macOS), devpoll_kernel.h (Solaris). Included from .cc files only, so that no
// system header reaches those who include a selector.

#ifndef SELECTORS_KERNEL_H_
#define SELECTORS_KERNEL_H_

#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "selectors/timeout.h"

struct pollfd;

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

// For `describe`: the Timeout that an argument points to.
inline const Timeout& timeout_of(const Call& call, std::size_t arg) {
  return *reinterpret_cast<const Timeout*>(call.args[arg]);
}

// For `describe`: what is asked of each descriptor, and what was answered.
void append_pollfds(std::string& text, const pollfd* fds, Word count);

// ---- What the library asks of every Unix ----

extern const Syscall kClose, kFcntl, kPselect, kPoll;

// close(2). Never repeated after EINTR: on Linux the descriptor is gone even
// then, and its number may already be another thread's.
inline int close(int fd) { return call(kClose, ::close, fd); }

// fcntl(2).
inline int fcntl(int fd, int command, int argument = 0) {
  constexpr auto make = [](int number, int what, int value) {
    return ::fcntl(number, what, value);
  };
  return call(kFcntl, make, fd, command, argument);
}

// Is there an open file behind this number?
inline bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

// Can there be an open file behind this number? A table that is indexed by a
// number of two thousand million would cost 16 GiB. So one that is beyond what
// Linux allows, unless it is told otherwise (/proc/sys/fs/nr_open), must be
// open.
inline bool may_be_open(int fd) {
  constexpr int kOrdinary = 1 << 20;
  return fd < kOrdinary || is_open(fd);
}

// Closes it in programs that are started with exec().
inline void close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

// pselect(2): select(2) with nanoseconds. Either set of the question may be
// nullptr. The system call writes its answer over the question; here it goes to
// sets of its own, which for a missing question stay as they are.
inline int pselect(int nfds, const fd_set* readers, const fd_set* writers,
                   fd_set* readable, fd_set* writable, const Timeout& timeout) {
  constexpr auto make = [](int n, const fd_set* r, const fd_set* w, fd_set* in,
                           fd_set* out, const Timeout* t) {
    std::timespec wait;
    if (r != nullptr) *in = *r;
    if (w != nullptr) *out = *w;
    return ::pselect(n, r != nullptr ? in : nullptr,
                     w != nullptr ? out : nullptr, nullptr,
                     t->to_timespec(wait), nullptr);
  };
  return call(kPselect, make, nfds, readers, writers, readable, writable,
              &timeout);
}

// poll(2); ppoll(2) where nanoseconds matter and the C library has it (macOS
// has not: there the timeout is rounded up to milliseconds).
int poll(pollfd* fds, std::size_t count, const Timeout& timeout);

}  // namespace selectors::kernel

#endif  // SELECTORS_KERNEL_H_

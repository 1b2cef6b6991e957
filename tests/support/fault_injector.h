// `CallCounter`, `FaultInjector`: interceptors between the library and the
// kernel. The first counts the system calls, the second makes one of them fail.

#ifndef TESTS_SUPPORT_FAULT_INJECTOR_H_
#define TESTS_SUPPORT_FAULT_INJECTOR_H_

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "selectors/kernel/call.h"

namespace tests {

// An interceptor that records the names of the library's system calls.
class CallCounter : public selectors::kernel::Interceptor {
 public:
  std::size_t count() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }

  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    names_.emplace_back(call.syscall.name);
    return std::nullopt;
  }
  void leave(const selectors::kernel::Call&) override {}

 private:
  std::vector<std::string> names_;
};

// An interceptor that makes the n-th system call fail with `error`, without
// calling the kernel; 1 is the next call. `counts` limits the fault, and the
// counting, to some calls.
class FaultInjector : public selectors::kernel::Interceptor {
 public:
  using Predicate = std::function<bool(const selectors::kernel::Call&)>;

  static constexpr int kAll = 0;  // As n: every call fails.

  FaultInjector(int nth, int error, Predicate counts = nullptr)
      : nth_(nth), error_(error), counts_(std::move(counts)) {}

  // Returns whether a call has failed. If not, there were fewer than n calls.
  bool fired() const { return fired_; }

  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    // These cannot fail; fcntl(), of a flag, only with EBADF.
    if (is(call, "getpid")) return std::nullopt;
    if (is(call, "fcntl") && error_ != EBADF) return std::nullopt;
    if (counts_ && !counts_(call)) return std::nullopt;
    if (++seen_ != nth_ && nth_ != kAll) return std::nullopt;
    fired_ = true;
    // On Linux a close() that fails has always closed the descriptor.
    if (is(call, "close")) ::close(static_cast<int>(call.args[0]));
    errno = error_;
    return -1;
  }
  void leave(const selectors::kernel::Call&) override {}

  static bool is(const selectors::kernel::Call& call, std::string_view name) {
    return call.syscall.name == name;
  }

 private:
  const int nth_;
  const int error_;
  const Predicate counts_;
  int seen_ = 0;
  bool fired_ = false;
};

}  // namespace tests

#endif  // TESTS_SUPPORT_FAULT_INJECTOR_H_

#include "selectors/kernel/call.h"

#include <cerrno>

namespace selectors::kernel {

Interceptor::Interceptor() : next_(first_interceptor.load()) {
  first_interceptor.store(this);
}

Interceptor::~Interceptor() { first_interceptor.store(next_); }

std::optional<Word> Interceptor::enter(const Call&) { return std::nullopt; }

// The newest interceptor comes first, and the first answer stands. leave() of
// all interceptors runs.
Word intercepted(const Syscall& syscall, std::span<const Word> args,
                 const std::function<Word()>& make) {
  const auto start = std::chrono::steady_clock::now();
  Interceptor* const first = first_interceptor.load();
  Call call{syscall, args};
  std::optional<Word> answer;
  for (auto* i = first; i != nullptr && !answer; i = i->next_) {
    answer = i->enter(call);
  }
  call.result = answer ? *answer : make();
  call.error = call.result == -1 ? errno : 0;
  call.elapsed = std::chrono::steady_clock::now() - start;
  for (auto* i = first; i != nullptr; i = i->next_) i->leave(call);
  if (call.result == -1) errno = call.error;
  return call.result;
}

}  // namespace selectors::kernel

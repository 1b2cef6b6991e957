#include "selectors/forks.h"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

namespace selectors {

constinit unsigned forks_internal::count = 0;

bool at_fork(const ForkHandlers& handlers) {
  if (::pthread_atfork(handlers.before, handlers.in_parent,
                       handlers.in_child) == 0) {
    return true;
  }
  std::fputs("selectors: no memory for the handlers of fork()\n", stderr);
  std::abort();
}

namespace {

[[maybe_unused]] const bool counts =
    at_fork({nullptr, nullptr, [] { ++forks_internal::count; }});

}  // namespace
}  // namespace selectors

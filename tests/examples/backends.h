// `available_backends()`: the selectors that a program can be run with.

#ifndef TESTS_EXAMPLES_BACKENDS_H_
#define TESTS_EXAMPLES_BACKENDS_H_

#include <stdlib.h>

#include <exception>
#include <string>
#include <vector>

#include "selectors/selectors.h"

namespace examples {

// Returns the backends that a DefaultSelector has on this system.
inline std::vector<std::string> available_backends() {
  constexpr const char* kVariable = "SELECTORS_BACKEND";
  const char* const before = ::getenv(kVariable);
  const std::string kept = before != nullptr ? before : "";
  std::vector<std::string> available;
  for (const char* name : {"epoll", "kqueue", "devpoll", "poll", "select"}) {
    ::setenv(kVariable, name, 1);
    try {
      const selectors::DefaultSelector selector;
      available.emplace_back(name);
    } catch (const std::exception&) {
      // Not on this system.
    }
  }
  ::setenv(kVariable, kept.c_str(), 1);
  return available;
}

}  // namespace examples

#endif  // TESTS_EXAMPLES_BACKENDS_H_

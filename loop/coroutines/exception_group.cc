#include "loop/coroutines/exception_group.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "loop/callbacks/log_line.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// As many as fit into a line that somebody will read.
constexpr std::size_t kTexts = 3;

std::string describe(const std::string& message,
                     const std::vector<std::exception_ptr>& exceptions) {
  const std::size_t count = exceptions.size();
  std::string text = message + " (" + std::to_string(count) +
                     (count == 1 ? " sub-exception)" : " sub-exceptions)");
  for (std::size_t i = 0; i < std::min(count, kTexts); ++i) {
    text += (i == 0 ? ": " : "; ") + exception_text(exceptions[i]);
  }
  return count > kTexts ? text + "; ..." : text;
}

}  // namespace

ExceptionGroup::ExceptionGroup(std::string message,
                               std::vector<std::exception_ptr> exceptions) {
  if (exceptions.empty()) {
    throw selectors::ValueError("an ExceptionGroup of no exceptions");
  }
  std::string what = describe(message, exceptions);
  content_ = std::make_shared<const Content>(
      Content{std::move(message), std::move(exceptions), std::move(what)});
}

}  // namespace loop

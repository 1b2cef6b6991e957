#include "loop/tasks/exception_group.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "loop/callbacks/log_line.h"
#include "loop/futures/nested_destruction.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// The number of exceptions that what() describes: as many as fit into a
// readable line.
constexpr std::size_t kTexts = 3;
// The length of the text of a group within a group, so that the text does not
// grow with each level.
constexpr std::size_t kGroupText = 200;

std::string text_of(const std::exception_ptr& exception) try {
  std::rethrow_exception(exception);
} catch (const ExceptionGroup& group) {
  const std::string_view text = group.what();
  return std::string(text.substr(0, kGroupText)) +
         (text.size() > kGroupText ? "..." : "");
} catch (...) {
  return exception_text(exception);
}

std::string describe(const std::string& message,
                     const std::vector<std::exception_ptr>& exceptions) {
  const std::size_t count = exceptions.size();
  std::string text = message + " (" + std::to_string(count) +
                     (count == 1 ? " sub-exception)" : " sub-exceptions)");
  for (std::size_t i = 0; i < std::min(count, kTexts); ++i) {
    text += (i == 0 ? ": " : "; ") + text_of(exceptions[i]);
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
  // The exceptions may be groups in turn, however deep: see NestedDestruction.
  content_.reset(
      new Content{std::move(message), std::move(exceptions), std::move(what)},
      [](Content* content) {
        NestedDestruction::run(
            [](void* dying) { delete static_cast<Content*>(dying); }, content);
      });
}

}  // namespace loop

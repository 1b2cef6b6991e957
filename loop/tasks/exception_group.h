// `ExceptionGroup`: several exceptions as one.

#ifndef LOOP_TASKS_EXCEPTION_GROUP_H_
#define LOOP_TASKS_EXCEPTION_GROUP_H_

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace loop {

/// Several exceptions as one, thrown by a TaskGroup whose tasks have failed.
///
/// ```cpp
/// try {
///   co_await group.run(crawl(group));
/// } catch (const loop::ExceptionGroup& errors) {
///   for (const std::exception_ptr& error : errors.exceptions()) log(error);
/// }
/// ```
///
/// Copies share their content.
///
/// Port of ExceptionGroup (PEP 654). Differs from Python: there is no except*;
/// go through exceptions() instead.
class ExceptionGroup : public std::exception {
 public:
  /// Makes a group of `exceptions`, none of which is nullptr. Throws ValueError
  /// if `exceptions` is empty.
  ExceptionGroup(std::string message,
                 std::vector<std::exception_ptr> exceptions);

  /// Returns the message that the group was made with.
  const std::string& message() const { return content_->message; }
  /// Returns the exceptions, none of which is nullptr.
  const std::vector<std::exception_ptr>& exceptions() const {
    return content_->exceptions;
  }
  /// Returns the message, the number of exceptions, and the texts of the first
  /// three; of the text of a group within the group only the first 200
  /// characters.
  const char* what() const noexcept override { return content_->what.c_str(); }

 private:
  struct Content {
    std::string message;
    std::vector<std::exception_ptr> exceptions;
    std::string what;
  };
  // Shared, since copying an exception must not throw another one.
  std::shared_ptr<const Content> content_;
};

}  // namespace loop

#endif  // LOOP_TASKS_EXCEPTION_GROUP_H_

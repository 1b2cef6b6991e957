// Several exceptions in the place of one.

#ifndef LOOP_TASKS_EXCEPTION_GROUP_H_
#define LOOP_TASKS_EXCEPTION_GROUP_H_

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace loop {

// What a TaskGroup throws when its tasks have failed. what() is the message,
// how many there are, and what the first of them say; of groups within the
// group only the first 200 characters.
// Port of ExceptionGroup (PEP 654).
// Differs from Python: there is no except*; look at exceptions().
class ExceptionGroup : public std::exception {
 public:
  // Throws ValueError if there is no exception.
  ExceptionGroup(std::string message,
                 std::vector<std::exception_ptr> exceptions);

  const std::string& message() const { return content_->message; }
  // None of them is nullptr.
  const std::vector<std::exception_ptr>& exceptions() const {
    return content_->exceptions;
  }
  const char* what() const noexcept override { return content_->what.c_str(); }

 private:
  struct Content {
    std::string message;
    std::vector<std::exception_ptr> exceptions;
    std::string what;
  };
  // Shared, since copying an exception must not throw another.
  std::shared_ptr<const Content> content_;
};

}  // namespace loop

#endif  // LOOP_TASKS_EXCEPTION_GROUP_H_

// `log_line()`: writes a report to standard error.

#ifndef LOOP_CALLBACKS_LOG_LINE_H_
#define LOOP_CALLBACKS_LOG_LINE_H_

#include <cstdio>
#include <exception>
#include <string>

namespace loop {

// Writes "loop: `text`" and a newline to standard error, in one piece. A line
// that cannot be written is lost.
inline void log_line(const std::string& text) {
  std::fputs(("loop: " + text + "\n").c_str(), stderr);
}

// Returns the what() of an exception.
inline std::string exception_text(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOG_LINE_H_

// The last resort of what nobody else was there to hear.

#ifndef LOOP_CALLBACKS_LOG_LINE_H_
#define LOOP_CALLBACKS_LOG_LINE_H_

#include <cstdio>
#include <exception>
#include <string>

namespace loop {

// Writes "loop: `text`" to standard error, in one piece. What cannot be written
// is lost.
inline void log_line(const std::string& text) {
  std::fputs(("loop: " + text + "\n").c_str(), stderr);
}

// What an exception says of itself.
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

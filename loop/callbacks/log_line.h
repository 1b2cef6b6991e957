// `log_line()` and `log_no_memory()` write a report to standard error;
// `exception_text()` describes an exception.

#ifndef LOOP_CALLBACKS_LOG_LINE_H_
#define LOOP_CALLBACKS_LOG_LINE_H_

#include <cstdio>
#include <exception>
#include <string>

namespace loop {

/// Writes "loop: `text`" and a newline to standard error, in one piece. A line
/// that cannot be written is lost. Throws std::bad_alloc.
inline void log_line(const std::string& text) {
  std::fputs(("loop: " + text + "\n").c_str(), stderr);
}

/// Writes the line that stands for a report of any kind when out of memory. The
/// line needs no memory.
inline void log_no_memory() noexcept {
  std::fputs("loop: out of memory, a report is lost\n", stderr);
}

/// Returns the text of an exception: the what() of a std::exception, or the
/// name of the type of another, such as "loop::KeyboardInterrupt".
std::string exception_text(const std::exception_ptr& exception);

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOG_LINE_H_

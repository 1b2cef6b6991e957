// `SourceLocation`: a file and line of a program, for reports.

#ifndef LOOP_CALLBACKS_SOURCE_LOCATION_H_
#define LOOP_CALLBACKS_SOURCE_LOCATION_H_

#include <string>

namespace loop {

/// A file and a line, like std::source_location, which clang 14 lacks.
///
/// ```cpp
/// void log(std::string text,
///          loop::SourceLocation where = loop::SourceLocation::current());
/// ```
///
/// As such a default argument, current() is the location of the call.
class SourceLocation {
 public:
  /// Returns the location of the call. Callers leave out the parameters.
  static constexpr SourceLocation current(
      const char* file = __builtin_FILE(),
      unsigned line = static_cast<unsigned>(__builtin_LINE())) {
    SourceLocation here;
    here.file_ = file;
    here.line_ = line;
    return here;
  }

  /// Returns the file, as named to the compiler; "" if unknown.
  constexpr const char* file_name() const { return file_; }
  /// Returns the line; 0 if unknown.
  constexpr unsigned line() const { return line_; }

  /// Changes the line, in the same file.
  constexpr void set_line(unsigned line) { line_ = line; }

  /// Returns, for example, "examples/interval.cc:12".
  std::string repr() const {
    return std::string(file_) + ":" + std::to_string(line_);
  }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_SOURCE_LOCATION_H_

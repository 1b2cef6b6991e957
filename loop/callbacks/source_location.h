// Where in a program something was asked for, so that a report can say so.

#ifndef LOOP_CALLBACKS_SOURCE_LOCATION_H_
#define LOOP_CALLBACKS_SOURCE_LOCATION_H_

#include <string>

namespace loop {

// What std::source_location is where the compiler has it; clang 14 has not. As
// the last parameter of a function, `SourceLocation where =
// SourceLocation::current()`, it is the place of the call.
class SourceLocation {
 public:
  static constexpr SourceLocation current(
      const char* file = __builtin_FILE(),
      unsigned line = static_cast<unsigned>(__builtin_LINE())) {
    SourceLocation here;
    here.file_ = file;
    here.line_ = line;
    return here;
  }

  constexpr const char* file_name() const { return file_; }
  constexpr unsigned line() const { return line_; }

  // Another line of the same file.
  constexpr void set_line(unsigned line) { line_ = line; }

  // "examples/interval.cc:12"
  std::string repr() const {
    return std::string(file_) + ":" + std::to_string(line_);
  }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_SOURCE_LOCATION_H_

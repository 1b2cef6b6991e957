// `print_line()`: Python's print(), for the example programs.

#ifndef EXAMPLES_PRINT_LINE_H_
#define EXAMPLES_PRINT_LINE_H_

#include <cstdio>
#include <string>

namespace examples {

/// Prints a line, in one piece and at once. Lines of two threads never mix.
inline void print_line(std::string line, std::FILE* stream = stdout) {
  line += '\n';
  // The C library locks a stream during a call. Without fflush() it would keep
  // back output to a pipe until there are 4,096 bytes.
  std::fputs(line.c_str(), stream);
  std::fflush(stream);
}

}  // namespace examples

#endif  // EXAMPLES_PRINT_LINE_H_

// Python's print(), for the programs here.

#ifndef EXAMPLES_PRINT_LINE_H_
#define EXAMPLES_PRINT_LINE_H_

#include <cstdio>
#include <string>

namespace examples {

// Prints a line, in one piece and at once: the C library locks a stream during
// a call, so that lines of two threads never mix, but it would keep back what
// goes into a pipe until there are 4,096 bytes of it.
inline void print_line(std::string line, std::FILE* stream = stdout) {
  line += '\n';
  std::fputs(line.c_str(), stream);
  std::fflush(stream);
}

}  // namespace examples

#endif  // EXAMPLES_PRINT_LINE_H_

// `print_hello()`: the greeting of the hello_ programs, which also answer
// numbers (fib.h). Each program has its own way of managing both.

#ifndef EXAMPLES_HELLO_H_
#define EXAMPLES_HELLO_H_

#include <ctime>
#include <string>

#include "examples/print_line.h"

namespace examples {

/// Prints the seconds since 1970, as Python's time() returns them, and a
/// greeting: "1700000000 - Hello world!".
inline void print_hello() {
  print_line(std::to_string(std::time(nullptr)) + " - Hello world!");
}

}  // namespace examples

#endif  // EXAMPLES_HELLO_H_

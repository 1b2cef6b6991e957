// What the hello_ programs do beside answering numbers (fib.h). How they manage
// both is each program's own.

#ifndef EXAMPLES_HELLO_H_
#define EXAMPLES_HELLO_H_

#include <ctime>
#include <string>

#include "examples/print_line.h"

namespace examples {

// "1700000000 - Hello world!": the seconds since 1970, as Python's time().
inline void print_hello() {
  print_line(std::to_string(std::time(nullptr)) + " - Hello world!");
}

}  // namespace examples

#endif  // EXAMPLES_HELLO_H_

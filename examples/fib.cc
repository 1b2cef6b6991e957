// Answers each natural number n, typed on a line of its own, with F(n). Ends at
// the end of input (Ctrl-D).
//
// The program is synchronous: between two lines it is blocked in std::getline,
// where it can do nothing else, such as greet you every 3 seconds. The hello_
// programs can.
//
// Try: 10, then 40, then 42. And 94, -1, ten.

#include "examples/fib.h"

#include <iostream>
#include <string>

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    examples::print_fib(line);
  }
}

// A first generator, which announces the start, counts down from 10, and
// announces the end.
//
// Notice the order of the lines. Calling countdown() prints nothing: the call
// makes a generator, which has not started. From then on the two take turns.
// The loop asks for a number; the generator runs to its next co_yield and is
// suspended there, in the middle of its `for`, until the loop asks again. The
// last line is the generator's: asked once more after 1, the generator has no
// number and runs to its end.
//
// Try: leave the loop (`break`) at 5. Which function announces the end?

#include <string>

#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

loop::Generator<int> countdown(int n) {
  print_line("countdown: I begin at " + std::to_string(n));
  for (; n > 0; --n) co_yield n;
  print_line("countdown: that is all");
}

int main() {
  loop::Generator<int> numbers = countdown(10);
  print_line("main: there is a generator, and nothing has happened yet");
  for (const int n : numbers) print_line(std::to_string(n));
}

// Prints the lines of standard input that contain a pattern ("python", if the
// argument names no other).
//
// Here the generator receives values: co_yield waits for the caller's send(),
// and evaluates to the value that was sent. Such a generator is a coroutine in
// the old sense of the word: two functions take turns, and neither of them
// calls the other from the top. The loop in main() would look the same if
// grep() kept a count, or a line of context, or the state of a parser, in its
// local variables.
//
// The sender must first run the generator to its first co_yield, with next().
// That is easily forgotten; grep_primed cannot forget it.
//
// Try: leave out next().

#include <cstdio>
#include <iostream>
#include <string>

#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

loop::Generator<void, std::string> grep(std::string pattern) {
  print_line("Looking for " + pattern);
  for (;;) {
    const std::string line = co_yield {};
    if (line.find(pattern) != std::string::npos) print_line(line);
  }
}

int main(int argc, char* argv[]) {
  if (argc > 2) {
    print_line("usage: grep [PATTERN]", stderr);
    return 2;
  }
  auto matcher = grep(argc > 1 ? argv[1] : "python");
  matcher.next();
  for (std::string line; std::getline(std::cin, line);) matcher.send(line);
}

// Prints the lines of standard input that contain a pattern ("python", if the
// argument names no other).
//
// Here the generator gets something: co_yield waits for what the caller sends,
// and is the value of that. Such a generator is a coroutine in the old sense of
// the word, two functions that take turns, neither of which calls the other
// from the top. The loop in main() would look the same if grep() kept a count,
// or a line of context, or the state of a parser, in its local variables.
//
// Whoever sends must have let it run to its first co_yield: that is what next()
// is for. Everybody forgets it once. grep_primed cannot forget it.
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

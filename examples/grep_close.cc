// The program grep_primed, with a goodbye at the end. grep() has no end of its
// own: close() ends it, by throwing a GeneratorExit at the co_yield where the
// generator is suspended.
//
// GeneratorExit is no std::exception: a body that catches the errors of a line
// must not mistake the end for an error and wait for another line. In Python
// close() is called automatically when nothing refers to the generator any
// more. In C++ a destructor must not throw, so the program calls close().
// Without that call the destructors of grep()'s variables would run, but
// nothing would print the goodbye.
//
// Try: leave out close(). Then yield again after the goodbye.

#include <cstdio>
#include <iostream>
#include <string>

#include "examples/primed.h"
#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

loop::Generator<void, std::string> unprimed_grep(std::string pattern) {
  print_line("Looking for " + pattern);
  try {
    for (;;) {
      const std::string line = co_yield {};
      if (line.find(pattern) != std::string::npos) print_line(line);
    }
  } catch (const loop::GeneratorExit&) {
    print_line("Going away. Goodbye");
  }
}

const auto grep = examples::primed(unprimed_grep);

int main(int argc, char* argv[]) {
  if (argc > 2) {
    print_line("usage: grep_close [PATTERN]", stderr);
    return 2;
  }
  auto matcher = grep(argc > 1 ? argv[1] : "python");
  for (std::string line; std::getline(std::cin, line);) matcher.send(line);
  matcher.close();
}

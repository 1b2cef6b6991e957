// The program grep, without the next() that is so easily forgotten. A decorator
// turns grep() into a function whose generator has already started when it is
// returned. See primed.h, which uses the technique of log_execution_time.h.
//
// Try: a decorator that counts the values that are sent.

#include <cstdio>
#include <iostream>
#include <string>

#include "examples/primed.h"
#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

loop::Generator<void, std::string> unprimed_grep(std::string pattern) {
  print_line("Looking for " + pattern);
  for (;;) {
    const std::string line = co_yield {};
    if (line.find(pattern) != std::string::npos) print_line(line);
  }
}

const auto grep = examples::primed(unprimed_grep);

int main(int argc, char* argv[]) {
  if (argc > 2) {
    print_line("usage: grep_primed [PATTERN]", stderr);
    return 2;
  }
  auto matcher = grep(argc > 1 ? argv[1] : "python");
  for (std::string line; std::getline(std::cin, line);) matcher.send(line);
}

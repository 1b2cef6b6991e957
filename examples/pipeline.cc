// Prints the lines appended to a file that contain a pattern, until Ctrl-C. The
// program is `tail -f FILE | grep PATTERN`, with two generators in one process
// instead of two processes and a pipe.
//
//   pipeline [FILE [PATTERN]]
//
// FILE is "access-log" by default, PATTERN is "python". Linux only.
//
// Each stage pulls from the stage before, and nothing is computed unless a
// stage asks for it. A stage takes any generator of lines, and is one: a third
// stage therefore is a function and a pair of brackets. In a shell each line
// would be copied into the pipe and out of it; here a line stays where follow()
// made it.
//
// The coroutines of grep.cc are the same pipeline turned around: there a line
// is pushed in at the front, and here it is pulled out at the end.
//
// Try: a stage that numbers the lines, before grep and after it.

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "examples/follow.h"
#include "examples/print_line.h"
#include "loop/generators/generator.h"

using examples::print_line;

using Lines = loop::Generator<std::string>;

Lines grep(std::string pattern, Lines lines) {
  for (const std::string& line : lines) {
    if (line.find(pattern) != std::string::npos) co_yield line;
  }
}

int main(int argc, char* argv[]) try {
  if (argc > 3) {
    print_line("usage: pipeline [FILE [PATTERN]]", stderr);
    return 2;
  }
  Lines lines = examples::follow(argc > 1 ? argv[1] : "access-log");
  lines = grep(argc > 2 ? argv[2] : "python", std::move(lines));
  for (const std::string& line : lines) print_line(line);
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

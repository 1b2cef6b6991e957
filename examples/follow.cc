// Prints the lines that are appended to a file ("access-log", if the argument
// names no other), as they arrive, until Ctrl-C. Linux only.
//
// follow() is in follow.h. Without generators it would be a callback with an
// object that keeps its state. In a generator the file, the beginning of the
// next line, and the object to wait for are local variables, and the code can
// be read from top to bottom.
//
// While follow() waits, though, the whole program is blocked in select(). A
// generator can be left with a value only, not with "I am waiting"; that is the
// step from here to coroutines.
//
// Try: logsim in another terminal. And SELECTORS_TRACE=1: one system call of
// the selector for all lines that are written at once, none while nothing is
// written.

#include "examples/follow.h"

#include <cstdio>
#include <exception>
#include <string>

#include "examples/print_line.h"

using examples::print_line;

int main(int argc, char* argv[]) try {
  if (argc > 2) {
    print_line("usage: follow [FILE]", stderr);
    return 2;
  }
  for (const std::string& line :
       examples::follow(argc > 1 ? argv[1] : "access-log")) {
    print_line(line);
  }
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

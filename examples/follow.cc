// Prints what is appended to a file ("access-log", if the argument names no
// other), as it comes, until Ctrl-C. Linux only.
//
// follow() is in follow.h. It is called once, and would be a callback with an
// object to keep its state, if it were not a generator: the file, what is known
// of the next line, and what it is waiting for, all are local variables, and
// its course can be read from top to bottom.
//
// While it waits, though, so does everybody: it is select() that it stands in.
// A generator can be left with a value only, not with "I am waiting"; that is
// the step from here to coroutines.
//
// Try: logsim in another terminal. And SELECTORS_TRACE=1: one system call of
// the selector for all that is written at once, none while nothing is.

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

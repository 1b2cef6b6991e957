// Handles signals as ordinary events: SIGUSR1 is counted, SIGHUP prints the
// count, SIGINT (Ctrl-C) and SIGTERM end the program, politely.
//
// An ordinary signal handler could do none of this. A handler interrupts the
// program between any two instructions, perhaps while print_line() holds the
// lock of the stream that the handler would also print to: then both wait
// forever. So a handler must not print, allocate, or take a lock. A handler may
// set a flag. But a loop that has read the flag and is about to block would
// block anyway, and a flag does not count. The loop's own handler adds one to a
// counter and writes to a descriptor that the loop watches. The callback of
// add_signal_handler() runs later, like any callback, and may do anything. (In
// Python's asyncio the descriptor carries the numbers of the signals; when it
// is full, some are lost.)
//
// Try, with the printed number, in another terminal:
//   kill -USR1 NUMBER; kill -HUP NUMBER
//   kill -STOP NUMBER; kill -USR1 NUMBER; kill -USR1 NUMBER; kill -CONT NUMBER
// The last two of SIGUSR1 count as one. The kernel causes this: of each pending
// signal it remembers whether, not how often. The program counts each signal
// that it receives.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "examples/print_line.h"
#include "loop/loop.h"

using examples::print_line;

int main() try {
  loop::EventLoop loop;
  int count = 0;
  const char* reason = nullptr;

  loop.add_signal_handler(SIGUSR1, [&] {
    print_line("SIGUSR1 number " + std::to_string(++count));
  });
  loop.add_signal_handler(SIGHUP, [&] {
    print_line("SIGHUP: " + std::to_string(count) + " of SIGUSR1 so far");
  });
  const auto end_with = [&](const char* name) {
    reason = name;
    loop.stop();
  };
  loop.add_signal_handler(SIGINT, [&] { end_with("SIGINT"); });
  loop.add_signal_handler(SIGTERM, [&] { end_with("SIGTERM"); });

  // Printed only now, because without a handler SIGUSR1 ends a program.
  print_line("I am process " + std::to_string(::getpid()));
  loop.run_forever();
  print_line(std::string(reason) + ": goodbye, after " + std::to_string(count) +
             " of SIGUSR1");
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

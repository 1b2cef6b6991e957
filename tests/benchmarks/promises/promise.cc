#include "tests/benchmarks/promises/promise.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {

Pipe::Pipe() {
  std::array<int, 2> fds;
  if (::pipe(fds.data()) != 0) check(-errno);
  reader = fds[0];
  writer = fds[1];
}

void Pipe::write_byte() const {
  if (::write(writer, "x", 1) != 1) check(-errno);
}

void work_for(Delay duration) {
  for (const auto end = Clock::now() + duration; Clock::now() < end;) continue;
}

void run_for(AnyLoop& loop, Delay duration) {
  loop.start_timer(duration, [&loop] { loop.stop(); });
  loop.run();
}

void run_in_callback(AnyLoop& loop, const Function& function, Delay duration) {
  loop.start_timer(1ms, [&loop, function, duration] {
    function();
    loop.start_timer(duration, [&loop] { loop.stop(); });
  });
  loop.run();
}

std::string to_text(Clock::duration duration) {
  const std::chrono::duration<double, std::milli> milliseconds = duration;
  char text[32];
  std::snprintf(text, sizeof(text), "%.2g ms", milliseconds.count());
  return text;
}

}  // namespace promises

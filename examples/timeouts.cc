// Time limits for work that takes too long.
//
// timeout() cancels its body when the time has come. The current co_await of
// the body throws a CancelledError, so that destructors clean up, and the error
// leaves timeout() as a TimeoutError. Nothing is left running. reschedule()
// extends the limit, once the program knows how much time is needed. shield()
// is for work that must not be cancelled: then only the waiting ends.
//
// After examples of Python's documentation ("Timeouts", "Shielding From
// Cancellation").

#include <chrono>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

struct Cleanup {
  ~Cleanup() { print_line("  cleaned up"); }
};

loop::Coroutine<> eternity() {
  const Cleanup cleanup;
  co_await loop::sleep(1h);
  print_line("  yay!");
}

loop::Coroutine<> quick() {
  co_await loop::sleep(20ms);
  print_line("  done");
}

loop::Coroutine<> longer_than_thought(loop::Timeout& limit) {
  limit.reschedule(loop::get_running_loop().time() + 1min);
  co_await quick();
}

loop::Coroutine<> timeouts() {
  print_line("timeout():");
  try {
    co_await loop::timeout(10ms).run(eternity());
  } catch (const loop::TimeoutError&) {
    print_line("  too late");
  }

  print_line("wait_for(), which is the same for one thing:");
  try {
    co_await loop::wait_for(eternity(), 10ms);
  } catch (const loop::TimeoutError&) {
    print_line("  too late");
  }

  print_line("reschedule():");
  auto limit = loop::timeout(10ms);
  co_await limit.run(longer_than_thought(limit));

  print_line("shield():");
  const auto task = loop::create_task(quick());
  try {
    co_await loop::wait_for(loop::shield(task), 10ms);
  } catch (const loop::TimeoutError&) {
    print_line("  too late, but it goes on");
  }
  co_await task;
}

int main() { loop::run(timeouts()); }

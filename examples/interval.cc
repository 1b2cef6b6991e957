// What becomes of the ticks of an interval while nobody can hear them? It ticks
// every 100 ms, and the second time its callback takes 250 ms, as if somebody
// had computed something there. As soon as it is back, the third tick comes,
// late. Of the others the program's argument decides:
//
//   skip   those that were missed are left out; the beat stays (the default)
//   burst  none is left out: they come one after the other, until it caught up
//   delay  100 ms from the late one; all those after it are late, too
//
// skip suits what shows or measures something, burst what counts, and delay
// what needs a pause between two times. In Python one writes delay, as each
// callback schedules the next: and then every tick is a little late, even if no
// callback is slow, because none runs exactly when it is due.
//
// Try: each of the three.

#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "examples/print_line.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using examples::print_line;

constexpr auto kPeriod = 100ms;
constexpr int kTicks = 6;

std::optional<loop::MissedTicks> policy_named(std::string_view name) {
  if (name == "skip") return loop::MissedTicks::kSkip;
  if (name == "burst") return loop::MissedTicks::kBurst;
  if (name == "delay") return loop::MissedTicks::kDelay;
  return std::nullopt;
}

std::string in_ms(loop::TimePoint::duration duration) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(duration);
  return std::to_string(ms.count()) + " ms";
}

void tick_with(loop::MissedTicks policy) {
  loop::EventLoop loop;
  loop::IntervalHandle ticks;
  loop::TimePoint start;
  int count = 0;
  const auto tick = [&] {
    // Before a callback runs, the loop has scheduled the next one.
    print_line("tick " + std::to_string(++count) + " at " +
               in_ms(loop.time() - start) + ", the next is due at " +
               in_ms(ticks.when() - start));
    if (count == 2) std::this_thread::sleep_for(250ms);
    if (count == kTicks) loop.stop();
  };
  ticks = loop.call_every(kPeriod, tick, policy);
  start = ticks.when() - kPeriod;
  loop.run_forever();
}

int main(int argc, char* argv[]) try {
  const auto policy = policy_named(argc > 1 ? argv[1] : "skip");
  if (argc > 2 || !policy) {
    print_line("usage: interval [skip | burst | delay]", stderr);
    return 2;
  }
  tick_with(*policy);
} catch (const std::exception& error) {
  print_line(error.what(), stderr);
  return 1;
}

// Three policies for the ticks of an interval that are missed while a callback
// runs. The interval ticks every 100 ms, and the second callback takes 250 ms,
// as a computation might. As soon as it returns, the third tick comes, late.
// The program's argument decides about the later ticks:
//
//   skip   missed ticks are left out; the schedule stays (the default)
//   burst  no tick is left out: they come one after the other, until the
//          interval has caught up
//   delay  the next tick comes 100 ms after the late one; all later ticks are
//          late, too
//
// skip suits displays and measurements, burst suits counters, and delay suits
// work that needs a pause between two ticks. Python programs usually implement
// delay, because each callback schedules the next one. Every tick is then a
// little late, even if no callback is slow, because no callback runs exactly
// when it is due.
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

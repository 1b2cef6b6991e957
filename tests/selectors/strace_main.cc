// For strace_test.sh: waits, and says what came of it.

#include <unistd.h>

#include <chrono>
#include <iostream>

#include "selectors/epoll_selector.h"

int main() {
  using namespace selectors;
  using namespace std::chrono_literals;
  using Clock = std::chrono::steady_clock;
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  EpollSelector selector;
  try {
    selector.register_(ends[0], EVENT_READ);
  } catch (const OSError& error) {
    std::cout << "refused: " << error.what() << "\n";
    std::cout << selector.get_map()->size() << " registered\n";
    selector.register_(ends[0], EVENT_READ);
  }
  for (const std::chrono::nanoseconds wait : {1ns, 999'999ns, 1'000'001ns}) {
    const auto start = Clock::now();
    const auto ready = selector.select(wait);
    if (!ready.empty()) std::cout << "reported what is not ready\n";
    if (Clock::now() - start < wait) std::cout << "ended early\n";
  }
  if (::write(ends[1], "x", 1) != 1) return 1;
  try {
    std::cout << selector.select(1h).size() << " ready\n";
  } catch (const OSError& error) {
    std::cout << "failed: " << error.what() << "\n";
  }
}

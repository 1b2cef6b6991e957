// For trace_test.sh: a few calls, under numbers that are always the same.

#include <unistd.h>

#include <chrono>

#include "selectors/default_selector.h"

int main() {
  using namespace selectors;
  using namespace std::chrono_literals;
  constexpr int kReader = 105;
  constexpr int kWriter = 106;
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  ::dup2(ends[0], kReader);
  ::dup2(ends[1], kWriter);
  for (const int end : ends) ::close(end);

  DefaultSelector selector;
  selector.register_(kReader, EVENT_READ);
  selector.register_(kWriter, EVENT_READ | EVENT_WRITE);
  selector.select(0ns);
  selector.modify(kWriter, EVENT_READ);
  selector.select(2ms);
  if (::write(kWriter, "x", 1) != 1) return 1;
  selector.select(100ms);
  selector.select();
  selector.unregister(kWriter);
  ::close(kReader);
  try {
    selector.select(0ns);
  } catch (const OSError&) {  // select says EBADF.
  }
  selector.unregister(kReader);
  selector.close();
}

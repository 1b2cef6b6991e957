// The program that valgrind_test runs: each part of the loop once, and the
// sleep that no timer ends.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <tuple>

#include "loop/loop.h"

using namespace std::chrono_literals;

namespace {

// Blocks without a timeout until another thread writes.
void run_callbacks() {
  int fds[2];
  if (::pipe(fds) != 0) ::_exit(1);
  loop::EventLoop event_loop;
  std::string ran;
  event_loop.add_signal_handler(SIGUSR1, [&] {
    ran += "signal ";
    event_loop.stop();
  });
  event_loop.add_reader(fds[0], [&] {
    event_loop.remove_reader(fds[0]);
    ran += "read ";
    ::raise(SIGUSR1);
  });
  event_loop.call_later(1ms, [&] { ran += "timer "; });
  event_loop.run_once();
  while (ran.empty()) event_loop.run_once();
  std::thread writer([&] {
    event_loop.call_soon_threadsafe([&] { ran += "post "; });
    if (::write(fds[1], "x", 1) != 1) ::_exit(1);
  });
  event_loop.run_forever();
  writer.join();
  std::puts(ran.c_str());
}

loop::Coroutine<> produce(loop::Queue<std::string>& queue) {
  for (int i = 0; i < 100; ++i) {
    co_await queue.put(std::to_string(i));
    co_await loop::sleep(1us);
  }
}

loop::Coroutine<std::string> call_once(loop::Queue<std::string>& queue) {
  std::string all;
  for (int i = 0; i < 100; ++i) all += co_await queue.get();
  co_return all;
}

loop::Coroutine<> run_coroutines() {
  loop::Queue<std::string> queue(3);
  const auto results = co_await loop::gather(produce(queue), call_once(queue));
  std::puts(std::get<1>(results).substr(0, 10).c_str());
  try {
    co_await loop::timeout(1ms).run(loop::sleep(1h));
  } catch (const loop::TimeoutError&) {
    std::puts("timeout");
  }
  const auto in_thread = [] { return 42; };
  std::printf("%d\n", co_await loop::to_thread(in_thread));
}

}  // namespace

int main() {
  run_callbacks();
  loop::run(run_coroutines());
}

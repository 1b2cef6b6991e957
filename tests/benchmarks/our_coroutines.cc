#include "tests/benchmarks/our_coroutines.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/callbacks.h"
#include "loop/futures/futures.h"
#include "loop/loop.h"
#include "tests/benchmarks/coroutine_work.h"
#include "tests/benchmarks/echo_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {

using namespace std::chrono_literals;  // NOLINT: as a user would write 1ns.

namespace {

[[gnu::noinline]] loop::Coroutine<int> child(int i) { co_return i; }

loop::Coroutine<> sleep_long() { co_await loop::sleep(1h); }

// Makes tasks that sleep, and runs the loop until all of them do.
std::vector<loop::Task<>> sleeping_tasks(loop::EventLoop& loop,
                                         std::size_t count) {
  std::vector<loop::Task<>> tasks;
  tasks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    tasks.push_back(loop::create_task(loop, sleep_long()));
  }
  loop.run_once(0s);
  return tasks;
}

void cancel_sleeping(Run& run, std::size_t count) {
  loop::EventLoop loop;
  run.repeat_part(double(count), [&](auto measure) {
    const auto tasks = sleeping_tasks(loop, count);
    measure([&] {
      for (const auto& task : tasks) task.cancel();
      loop.run_once(0s);
    });
    for (const auto& task : tasks) check(task.cancelled(), "cancelled task");
  });
}

// ---- Echo ----

// Suspends, because a task might serve a request of the next round otherwise.
loop::Coroutine<> end_round() {
  loop::get_running_loop().stop();
  co_await loop::sleep(0s);
}

// Serves client `i`, with the operations of a socket.
loop::Coroutine<> echo_with_awaiter(EchoClients& clients, std::size_t i) {
  auto socket = loop::Socket::from_fd(::dup(clients.fd(i)));
  std::array<std::byte, EchoClients::kBuffer> buffer;
  for (;;) {
    const std::size_t size = co_await loop::sock_recv_into(socket, buffer);
    if (size == 0) co_return;  // The clients have got their last answer.
    co_await loop::sock_sendall(
        socket, {reinterpret_cast<const char*>(buffer.data()), size});
    if (clients.sent(size)) co_await end_round();
  }
}

loop::Coroutine<> echo_with_streams(EchoClients& clients, std::size_t i) {
  auto [reader, writer] =
      loop::make_stream(loop::Socket::from_fd(::dup(clients.fd(i))));
  char buffer[EchoClients::kBuffer];
  for (;;) {
    const std::size_t size = co_await reader.read_into(buffer);
    if (size == 0) co_return;
    writer.write({buffer, size});
    co_await writer.drain();
    if (clients.sent(size)) co_await end_round();
  }
}

template <auto kEcho>
void serve(Run& run, EchoClients& clients) {
  loop::EventLoop loop;
  std::vector<loop::Task<>> tasks;
  for (std::size_t i = 0; i < clients.count(); ++i) {
    tasks.push_back(loop::create_task(loop, kEcho(clients, i)));
  }
  run.repeat(double(clients.requests()), [&] {
    clients.begin_round();
    loop.run_forever();
  });
}

}  // namespace

void OurCoroutines::run(Coroutine coroutine, int n) {
  const auto task = loop::create_task(loop_, std::move(coroutine));
  check_sum(loop::run_until_complete(task), n);
}

OurCoroutines::Coroutine OurCoroutines::children(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await child(i);
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::ready(int n) {
  const auto future = loop::create_future<int>(loop::get_running_loop());
  future.set_result(0);
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += i + co_await future;
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::turns(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    co_await loop::sleep(0s);
    sum += i;
  }
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::spawns(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await loop::create_task(child(i));
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::eager(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += co_await loop::create_task(child(i), {.eager_start = true});
  }
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::spawn_all(int n) {
  std::vector<loop::Task<int>> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) tasks.push_back(loop::create_task(child(i)));
  long sum = 0;
  for (const auto& task : tasks) sum += co_await task;
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::timers(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    co_await loop::sleep(1ns);
    sum += i;
  }
  co_return sum;
}

OurCoroutines::Coroutine OurCoroutines::hand_over(int n) {
  loop::Queue<int> queue(1);
  const auto put_all = [](loop::Queue<int>& to,
                          int count) -> loop::Coroutine<> {
    for (int i = 0; i < count; ++i) co_await to.put(i);
  };
  const auto producer = loop::create_task(put_all(queue, n));
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await queue.get();
  co_await producer;
  co_return sum;
}

double OurCoroutines::sleeping_bytes(std::size_t tasks) {
  loop::EventLoop loop;
  const double before = allocated_bytes();
  const auto sleeping = sleeping_tasks(loop, tasks);
  return (allocated_bytes() - before) / double(tasks);
}

void add_our_coroutines(Program& program) {
  for (const std::size_t tasks : {10, 1000, 100'000}) {
    program.add("cancel_sleeping/" + std::to_string(tasks),
                [=](Run& run) { cancel_sleeping(run, tasks); });
  }
  add_echo(program, "echo_awaiter", serve<echo_with_awaiter>);
  add_echo(program, "echo_streams", serve<echo_with_streams>);
}

}  // namespace benchmarks

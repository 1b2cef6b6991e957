// The workloads of coroutines, with asio's awaitables.

#ifndef TESTS_BENCHMARKS_ASIO_COROUTINES_H_
#define TESTS_BENCHMARKS_ASIO_COROUTINES_H_

#include <array>
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error_code.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <utility>

#include "tests/benchmarks/coroutine_work.h"
#include "tests/benchmarks/echo_work.h"
#include "tests/benchmarks/workload.h"

#if __has_include(<asio/deferred.hpp>)
#include <asio/deferred.hpp>
#else
#include <asio/use_awaitable.hpp>
#endif

namespace benchmarks {

// The completion token of each operation. deferred, which newer versions have,
// needs no coroutine frame for the operation.
#if __has_include(<asio/deferred.hpp>)
inline constexpr auto kAwait = asio::deferred;
#else
inline constexpr auto kAwait = asio::use_awaitable;
#endif

class AsioCoroutines {
 public:
  using Coroutine = asio::awaitable<long>;

  void run(Coroutine coroutine, int n) {
    long sum = -1;
    const auto keep = [&sum](std::exception_ptr, long result) { sum = result; };
    asio::co_spawn(context_, std::move(coroutine), keep);
    context_.restart();
    context_.run();
    check_sum(sum, n);
  }

  [[gnu::noinline]] static asio::awaitable<int> child(int i) { co_return i; }

  static Coroutine children(int n) {
    long sum = 0;
    for (int i = 0; i < n; ++i) sum += co_await child(i);
    co_return sum;
  }

  // asio's counterpart of a done future: a channel with an item in its buffer.
  static Coroutine ready(int n) {
    Channel channel(co_await asio::this_coro::executor, 1);
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      channel.try_send(asio::error_code(), 0);
      sum += i + co_await channel.async_receive(kAwait);
    }
    co_return sum;
  }

  static Coroutine turns(int n) {
    const auto executor = co_await asio::this_coro::executor;
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      co_await asio::post(executor, kAwait);
      sum += i;
    }
    co_return sum;
  }

  static Coroutine spawns(int n) {
    const auto executor = co_await asio::this_coro::executor;
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      sum += co_await asio::co_spawn(executor, child(i), kAwait);
    }
    co_return sum;
  }

  // A channel reports the end of the last task.
  static Coroutine spawn_all(int n) {
    const auto executor = co_await asio::this_coro::executor;
    Channel all_done(executor, 1);
    long sum = 0;
    int left = n;
    for (int i = 0; i < n; ++i) {
      asio::co_spawn(executor, child(i), [&](std::exception_ptr, int result) {
        sum += result;
        if (--left == 0) {
          all_done.try_send(asio::error_code(), 0);
        }
      });
    }
    co_await all_done.async_receive(kAwait);
    co_return sum;
  }

  static Coroutine timers(int n) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      timer.expires_after(std::chrono::nanoseconds(1));
      co_await timer.async_wait(kAwait);
      sum += i;
    }
    co_return sum;
  }

  static Coroutine hand_over(int n) {
    const auto executor = co_await asio::this_coro::executor;
    Channel channel(executor, 1);
    asio::co_spawn(executor, send_all(channel, n), asio::detached);
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      sum += co_await channel.async_receive(kAwait);
    }
    co_return sum;
  }

  static double sleeping_bytes(std::size_t tasks) {
    const double before = allocated_bytes();
    asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE};
    for (std::size_t i = 0; i < tasks; ++i) {
      asio::co_spawn(context, sleep_long(), asio::detached);
    }
    context.poll();
    return (allocated_bytes() - before) / double(tasks);
  }

 private:
  using Channel = asio::experimental::channel<void(asio::error_code, int)>;

  static asio::awaitable<void> send_all(Channel& channel, int n) {
    for (int i = 0; i < n; ++i) {
      co_await channel.async_send(asio::error_code(), i, kAwait);
    }
  }

  static asio::awaitable<void> sleep_long() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::chrono::hours(1));
    co_await timer.async_wait(kAwait);
  }

  asio::io_context context_{ASIO_CONCURRENCY_HINT_UNSAFE};
};

// Serves client `i`.
inline asio::awaitable<void> echo_with_asio(asio::io_context& context,
                                            EchoClients& clients,
                                            std::size_t i) {
  asio::ip::tcp::socket socket(context, asio::ip::tcp::v4(),
                               ::dup(clients.fd(i)));
  std::array<char, EchoClients::kBuffer> buffer;
  for (;;) {
    const std::size_t size =
        co_await socket.async_read_some(asio::buffer(buffer), kAwait);
    co_await asio::async_write(socket, asio::buffer(buffer, size), kAwait);
    if (clients.sent(size)) context.stop();
  }
}

inline void add_asio_echo(Program& program) {
  add_echo(program, "echo_streams", [](Run& run, EchoClients& clients) {
    asio::io_context context{ASIO_CONCURRENCY_HINT_UNSAFE};
    for (std::size_t i = 0; i < clients.count(); ++i) {
      asio::co_spawn(context, echo_with_asio(context, clients, i),
                     asio::detached);
    }
    run.repeat(double(clients.requests()), [&] {
      clients.begin_round();
      context.restart();
      context.run();
    });
  });
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_ASIO_COROUTINES_H_

// The workloads of coroutine_bench, with asio's awaitables.

#ifndef TESTS_BENCHMARKS_COROUTINE_BENCH_ASIO_H_
#define TESTS_BENCHMARKS_COROUTINE_BENCH_ASIO_H_

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error_code.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "tests/benchmarks/coroutine_bench.h"

namespace benchmarks {

class Asio {
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
      sum += i + co_await channel.async_receive(asio::use_awaitable);
    }
    co_return sum;
  }

  static Coroutine posts(int n) {
    const auto executor = co_await asio::this_coro::executor;
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      co_await asio::post(executor, asio::use_awaitable);
      sum += i;
    }
    co_return sum;
  }

  static Coroutine spawns(int n) {
    const auto executor = co_await asio::this_coro::executor;
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      sum += co_await asio::co_spawn(executor, child(i), asio::use_awaitable);
    }
    co_return sum;
  }

  static Coroutine timers(int n) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    long sum = 0;
    for (int i = 0; i < n; ++i) {
      timer.expires_after(std::chrono::nanoseconds(1));
      co_await timer.async_wait(asio::use_awaitable);
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
      sum += co_await channel.async_receive(asio::use_awaitable);
    }
    co_return sum;
  }

 private:
  using Channel = asio::experimental::channel<void(asio::error_code, int)>;

  static asio::awaitable<void> send_all(Channel& channel, int n) {
    for (int i = 0; i < n; ++i) {
      co_await channel.async_send(asio::error_code(), i, asio::use_awaitable);
    }
  }

  asio::io_context context_{1};
};

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_COROUTINE_BENCH_ASIO_H_

#!/bin/sh
# One signal completes all pending async_wait() of an asio signal_set, but of
# signals that came before, each async_wait() takes one.
#
# Seen with asio 1.22.1 (libasio-dev 1:1.22.1-1, Debian 12), header only.
#
# The usual guess: each wait takes one notification, as each async_accept() takes
# one connection; the documentation says that queued notifications are dequeued
# "one at a time".
# Seen: three waits that are pending all complete with the one signal. If two
# signals were queued before, two of the three waits complete, and the third
# stays. So the number of completions depends on which came first, and must not
# be used to count signals, children for instance.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q=2 -o APT::Sandbox::User=root download libasio-dev=1:1.22.1-1
dpkg -x libasio-dev*.deb .
c++ -std=c++17 -Iusr/include -o probe -x c++ - -pthread <<'CC'
#include <asio.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

int completed_waits(int signals_before, int signals_after) {
  asio::io_context context;
  asio::signal_set set(context, SIGUSR1);
  int completed = 0;
  const auto run = [&] {
    context.restart();
    context.run_for(std::chrono::milliseconds(200));
  };
  asio::steady_timer keeps_running(context, std::chrono::hours(1));
  keeps_running.async_wait([](std::error_code) {});
  for (int i = 0; i < signals_before; ++i) std::raise(SIGUSR1);
  run();
  for (int i = 0; i < 3; ++i)
    set.async_wait([&](std::error_code error, int) { completed += !error; });
  for (int i = 0; i < signals_after; ++i) std::raise(SIGUSR1);
  run();
  return completed;
}

int main() {
  const int pending = completed_waits(0, 1), queued = completed_waits(2, 0);
  std::printf("asio %d\n", ASIO_VERSION);
  std::printf("three waits, then one signal:   %d completed\n", pending);
  std::printf("two signals, then three waits:  %d completed\n", queued);
  return !(pending == 3 && queued == 2);
}
CC
./probe

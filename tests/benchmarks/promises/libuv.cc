// libuv's loop.

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class LibuvLoop : public AnyLoop {
 public:
  LibuvLoop() {
    uv_loop_init(&loop_);
    // An active handle keeps uv_run() from returning.
    uv_async_init(&loop_, &keeper_, nullptr);
  }
  void run() override { uv_run(&loop_, UV_RUN_DEFAULT); }
  void stop() override { uv_stop(&loop_); }
  std::size_t start_timer(Delay delay, Function function) override {
    auto& node = timers_.add(*this, std::move(function));
    node.native.data = &node;
    uv_timer_init(&loop_, &node.native);
    const auto milliseconds = static_cast<std::uint64_t>(ceil_ms(delay));
    uv_timer_start(&node.native, on_timer, milliseconds, 0);
    return timers_.last();
  }
  void cancel_timer(std::size_t timer) override {
    uv_timer_stop(&timers_[timer]);
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = polls_.add(*this, std::move(function));
    node.native.data = &node;
    check(uv_poll_init(&loop_, &node.native, fd));
    check(uv_poll_start(&node.native, UV_READABLE, on_readable));
    return polls_.last();
  }
  void unwatch(std::size_t watcher) override { uv_poll_stop(&polls_[watcher]); }
  bool after_fork_in_child() override {
    check(uv_loop_fork(&loop_));
    return true;
  }
  Delay resolution() const override { return std::chrono::milliseconds(1); }

 private:
  static void on_timer(uv_timer_t* timer) { run_node<uv_timer_t>(timer->data); }
  static void on_readable(uv_poll_t* poll, int, int) {
    run_node<uv_poll_t>(poll->data);
  }
  uv_loop_t loop_;
  uv_async_t keeper_;
  Nodes<uv_timer_t> timers_;
  Nodes<uv_poll_t> polls_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<LibuvLoop>(); }

}  // namespace promises

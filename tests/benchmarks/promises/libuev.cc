// libuEv's loop.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "tests/benchmarks/promises/any_loop.h"

extern "C" {  // The header does not say so.
#include <uev/uev.h>
}

namespace promises {
namespace {

class LibuevLoop : public AnyLoop {
 public:
  LibuevLoop() { uev_init(&context_); }
  // Without a timer or a descriptor uev_run() would return.
  void run() override { uev_run(&context_, 0); }
  // Not uev_exit(), after which the loop cannot run again.
  void stop() override { context_.running = 0; }
  std::size_t start_timer(Delay delay, Function function) override {
    auto& node = watchers_.add(*this, std::move(function));
    const auto milliseconds = static_cast<int>(ceil_ms(delay));
    if (uev_timer_init(&context_, &node.native, on_event, &node, milliseconds,
                       0) != 0) {
      check(-errno);
    }
    return watchers_.last();
  }
  void cancel_timer(std::size_t timer) override {
    uev_timer_stop(&watchers_[timer]);
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = watchers_.add(*this, std::move(function));
    if (uev_io_init(&context_, &node.native, on_event, &node, fd, UEV_READ) !=
        0) {
      check(-errno);
    }
    return watchers_.last();
  }
  void unwatch(std::size_t watcher) override {
    uev_io_stop(&watchers_[watcher]);
  }
  Delay resolution() const override { return std::chrono::milliseconds(1); }
  Delay longest() const override {
    return std::chrono::milliseconds(std::numeric_limits<int>::max());
  }

 private:
  static void on_event(uev_t*, void* node, int) { run_node<uev_t>(node); }

  uev_ctx_t context_{};
  Nodes<uev_t> watchers_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<LibuevLoop>(); }

}  // namespace promises

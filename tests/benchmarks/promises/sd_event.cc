// systemd's loop, sd-event.

#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class SdEventLoop : public AnyLoop {
 public:
  SdEventLoop() { check(sd_event_new(&event_)); }
  // sd_event_loop() cannot be called again after sd_event_exit().
  void run() override {
    for (stopped_ = false; !stopped_;) check(sd_event_run(event_, UINT64_MAX));
  }
  void stop() override { stopped_ = true; }
  std::size_t start_timer(Delay delay, Function function) override {
    auto& node = sources_.add(*this, std::move(function));
    check(sd_event_add_time_relative(event_, &node.native, CLOCK_MONOTONIC,
                                     to_usec(delay), kAccuracy, on_timer,
                                     &node));
    return sources_.last();
  }
  void cancel_timer(std::size_t timer) override { unwatch(timer); }
  void start_timers(Delay delay, std::vector<Function> functions) override {
    std::uint64_t now = 0;
    check(sd_event_now(event_, CLOCK_MONOTONIC, &now));
    for (Function& function : functions) {
      auto& node = sources_.add(*this, std::move(function));
      check(sd_event_add_time(event_, &node.native, CLOCK_MONOTONIC,
                              now + to_usec(delay), kAccuracy, on_timer,
                              &node));
    }
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = sources_.add(*this, std::move(function));
    check(sd_event_add_io(event_, &node.native, fd, EPOLLIN, on_io, &node));
    return sources_.last();
  }
  void unwatch(std::size_t watcher) override {
    check(sd_event_source_set_enabled(sources_[watcher], SD_EVENT_OFF));
  }

 private:
  // In microseconds. 0 would mean a quarter of a second.
  static constexpr std::uint64_t kAccuracy = 1;

  static std::uint64_t to_usec(Delay delay) {
    return static_cast<std::uint64_t>(delay.count());
  }
  static int on_timer(sd_event_source*, std::uint64_t, void* node) {
    run_node<sd_event_source*>(node);
    return 0;
  }
  static int on_io(sd_event_source*, int, std::uint32_t, void* node) {
    run_node<sd_event_source*>(node);
    return 0;
  }
  sd_event* event_ = nullptr;
  bool stopped_ = false;
  Nodes<sd_event_source*> sources_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<SdEventLoop>(); }

}  // namespace promises

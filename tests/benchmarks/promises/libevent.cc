// libevent's loop.

#include <event2/event.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class LibeventLoop : public AnyLoop {
 public:
  void run() override { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
  void stop() override { event_base_loopbreak(base_); }
  std::size_t start_timer(Delay delay, Function function) override {
    const timeval wait{delay.count() / 1'000'000, delay.count() % 1'000'000};
    auto& node = events_.add(*this, std::move(function));
    node.native = event_new(base_, -1, 0, on_event, &node);
    event_add(node.native, &wait);
    return events_.last();
  }
  void cancel_timer(std::size_t timer) override { event_del(events_[timer]); }
  std::size_t watch(int fd, Function function) override {
    auto& node = events_.add(*this, std::move(function));
    node.native = event_new(base_, fd, EV_READ | EV_PERSIST, on_event, &node);
    errno = 0;
    if (event_add(node.native, nullptr) != 0) check(-errno);
    return events_.last();
  }
  void unwatch(std::size_t watcher) override { event_del(events_[watcher]); }
  bool after_fork_in_child() override { return event_reinit(base_) == 0; }

 private:
  static void on_event(evutil_socket_t, short, void* node) {
    run_node<event*>(node);
  }
  event_base* const base_ = event_base_new();
  Nodes<event*> events_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() {
  // Refusals are results here, and need no line on standard error.
  event_set_log_callback([](int, const char*) {});
  return std::make_unique<LibeventLoop>();
}

}  // namespace promises

// libev's loop.

#include <ev.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class LibevLoop : public AnyLoop {
 public:
  void run() override {
    ev_ref(loop_);
    ev_run(loop_, 0);
    ev_unref(loop_);
  }
  void stop() override { ev_break(loop_, EVBREAK_ALL); }
  std::size_t start_timer(Delay delay, Function function) override {
    auto& node = timers_.add(*this, std::move(function));
    node.native.data = &node;
    const std::chrono::duration<double> seconds = delay;
    ev_timer_init(&node.native, on_timer, seconds.count(), 0.);
    ev_timer_start(loop_, &node.native);
    return timers_.last();
  }
  void cancel_timer(std::size_t timer) override {
    ev_timer_stop(loop_, &timers_[timer]);
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = watchers_.add(*this, std::move(function));
    node.native.data = &node;
    ev_io_init(&node.native, on_readable, fd, EV_READ);
    ev_io_start(loop_, &node.native);
    return watchers_.last();
  }
  void unwatch(std::size_t watcher) override {
    ev_io_stop(loop_, &watchers_[watcher]);
  }
  // "Libev considers these application bugs" (EV_ERROR in its manual).
  bool permits_bad_descriptors() const override { return false; }
  bool after_fork_in_child() override {
    ev_loop_fork(loop_);
    return true;
  }

 private:
  static void on_timer(struct ev_loop*, ev_timer* timer, int) {
    run_node<ev_timer>(timer->data);
  }
  static void on_readable(struct ev_loop*, ev_io* watcher, int) {
    run_node<ev_io>(watcher->data);
  }
  struct ev_loop* const loop_ = ev_loop_new(EVFLAG_AUTO);
  Nodes<ev_timer> timers_;
  Nodes<ev_io> watchers_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<LibevLoop>(); }

}  // namespace promises

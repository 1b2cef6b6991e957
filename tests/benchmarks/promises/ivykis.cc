// ivykis' loop.

#include <iv.h>

#include <cerrno>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class IvykisLoop : public AnyLoop {
 public:
  IvykisLoop() { iv_init(); }
  // Without a timer or a descriptor iv_main() would return.
  void run() override { iv_main(); }
  void stop() override { iv_quit(); }
  std::size_t start_timer(Delay delay, Function function) override {
    iv_validate_now();
    return start(iv_now, delay, std::move(function));
  }
  void cancel_timer(std::size_t timer) override {
    if (iv_timer_registered(&timers_[timer])) {
      iv_timer_unregister(&timers_[timer]);
    }
  }
  void start_timers(Delay delay, std::vector<Function> functions) override {
    iv_validate_now();
    const timespec now = iv_now;
    for (Function& function : functions) start(now, delay, std::move(function));
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = watchers_.add(*this, std::move(function));
    IV_FD_INIT(&node.native);
    node.native.fd = fd;
    node.native.cookie = &node;
    node.native.handler_in = run_node<iv_fd>;
    errno = 0;
    if (iv_fd_register_try(&node.native) != 0) check(-(errno ? errno : EINVAL));
    return watchers_.last();
  }
  void unwatch(std::size_t watcher) override {
    if (iv_fd_registered(&watchers_[watcher])) {
      iv_fd_unregister(&watchers_[watcher]);
    }
  }

 private:
  std::size_t start(timespec when, Delay delay, Function function) {
    auto& node = timers_.add(*this, std::move(function));
    IV_TIMER_INIT(&node.native);
    const auto microseconds = when.tv_nsec / 1000 + delay.count() % 1'000'000;
    when.tv_sec += delay.count() / 1'000'000 + microseconds / 1'000'000;
    when.tv_nsec = when.tv_nsec % 1000 + microseconds % 1'000'000 * 1000;
    node.native.expires = when;
    node.native.cookie = &node;
    node.native.handler = run_node<iv_timer>;
    iv_timer_register(&node.native);
    return timers_.last();
  }
  Nodes<iv_timer> timers_;
  Nodes<iv_fd> watchers_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<IvykisLoop>(); }

}  // namespace promises

// The loop of this library.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class OurLoop : public AnyLoop {
 public:
  void run() override { loop_.run_forever(); }
  void stop() override { loop_.stop(); }
  std::size_t start_timer(Delay delay, Function function) override {
    timers_.push_back(loop_.call_later(delay, std::move(function)));
    return timers_.size() - 1;
  }
  void cancel_timer(std::size_t timer) override { timers_[timer].cancel(); }
  void start_timers(Delay delay, std::vector<Function> functions) override {
    const auto when = loop_.time() + delay;
    for (Function& function : functions) {
      loop_.call_at(when, std::move(function));
    }
  }
  std::size_t watch(int fd, Function function) override {
    loop_.add_reader(fd, std::move(function));
    fds_.push_back(fd);
    return fds_.size() - 1;
  }
  void unwatch(std::size_t watcher) override {
    loop_.remove_reader(fds_[watcher]);
  }
  bool after_fork_in_child() override {
    loop_.after_fork_in_child();
    return true;
  }

 private:
  loop::EventLoop loop_;
  std::vector<loop::TimerHandle> timers_;
  std::vector<int> fds_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<OurLoop>(); }

}  // namespace promises

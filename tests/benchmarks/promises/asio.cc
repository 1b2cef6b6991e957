// asio's loop: io_context, with completion handlers.

#include <algorithm>
#include <asio/error.hpp>
#include <asio/error_code.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class AsioLoop : public AnyLoop {
 public:
  void run() override {
    context_.restart();
    context_.run();
  }
  void stop() override { context_.stop(); }
  std::size_t start_timer(Delay delay, Function function) override {
    using Duration = asio::steady_timer::duration;
    const Delay longest = std::chrono::floor<Delay>(Duration::max());
    asio::steady_timer timer(context_);
    timer.expires_after(std::min(delay, longest));
    return start(std::move(timer), std::move(function));
  }
  void cancel_timer(std::size_t timer) override { timers_[timer]->cancel(); }
  void start_timers(Delay delay, std::vector<Function> functions) override {
    const auto when = asio::steady_timer::clock_type::now() + delay;
    for (Function& function : functions) {
      start(asio::steady_timer(context_, when), std::move(function));
    }
  }
  std::size_t watch(int fd, Function function) override {
    auto descriptor = std::make_shared<Descriptor>(context_);
    descriptor->assign(fd);
    descriptors_.push_back(descriptor);
    wait(descriptor, std::move(function));
    return descriptors_.size() - 1;
  }
  void unwatch(std::size_t watcher) override {
    // Not close(), because the descriptor belongs to the program.
    if (descriptors_[watcher]->is_open()) descriptors_[watcher]->release();
  }
  int told_error() const override { return told_error_; }
  bool after_fork_in_child() override {
    context_.notify_fork(asio::io_context::fork_child);
    return true;
  }

 private:
  using Descriptor = asio::posix::stream_descriptor;

  std::size_t start(asio::steady_timer timer, Function function) {
    timers_.push_back(std::make_unique<asio::steady_timer>(std::move(timer)));
    timers_.back()->async_wait([function = std::move(function)](auto error) {
      if (!error) function();
    });
    return timers_.size() - 1;
  }
  void wait(const std::shared_ptr<Descriptor>& descriptor, Function function) {
    auto on_readable = [this, descriptor, function = std::move(function)](
                           const asio::error_code& error) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        told_error_ = error.value();
        return;
      }
      function();
      if (descriptor->is_open()) wait(descriptor, function);
    };
    descriptor->async_wait(Descriptor::wait_read, std::move(on_readable));
  }

  asio::io_context context_{1};
  const asio::executor_work_guard<asio::io_context::executor_type> work_{
      context_.get_executor()};
  std::vector<std::unique_ptr<asio::steady_timer>> timers_;
  std::vector<std::shared_ptr<Descriptor>> descriptors_;
  int told_error_ = 0;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<AsioLoop>(); }

}  // namespace promises

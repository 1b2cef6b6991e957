// asio, standalone (Debian: libasio-dev).

#include <array>
#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <vector>

#include "tests/benchmarks/asio_coroutines.h"
#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/coroutine_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {
namespace {

// `kHint` tells asio whether it may leave out locks.
template <int kHint>
class LoopOf {
 public:
  template <class Work>
  class Readers;
  class Changes;

  template <class F>
  void post(const F& function) {
    asio::post(context_, function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    asio::post(context_, function);
  }
  void run() {
    context_.restart();
    context_.run();
  }
  void turn() {
    context_.restart();
    context_.poll();
  }
  void stop() { context_.stop(); }

 private:
  asio::io_context context_{kHint};
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
};

template <int kHint>
template <class Work>
class LoopOf<kHint>::Readers {
 public:
  Readers(LoopOf& loop, Work& work) : loop_(loop), work_(work) {
    for (std::size_t i = 0; i < work.count(); ++i) {
      watches_.emplace_back(loop.context_).socket.assign(kAny, work.fd(i));
    }
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  // The work closes its descriptors itself.
  ~Readers() {
    for (Watch& watch : watches_) watch.socket.release();
    loop_.turn();
  }

  void start(std::size_t i) {
    Watch& watch = watches_[i];
    watch.socket.async_read_some(
        asio::buffer(watch.buffer),
        [this, i](const asio::error_code& error, std::size_t size) {
          if (error) return;
          if (work_.received(i, watches_[i].buffer.data(), size)) loop_.stop();
          start(i);
        });
  }
  void stop(std::size_t i) { watches_[i].socket.cancel(); }
  void run() { loop_.run(); }

 private:
  using Socket = asio::generic::stream_protocol::socket;
  static inline const asio::generic::stream_protocol kAny{AF_UNIX, 0};
  struct Watch {
    explicit Watch(asio::io_context& context) : socket(context) {}
    Socket socket;
    std::array<char, Work::kBuffer> buffer;
  };

  LoopOf& loop_;
  Work& work_;
  std::deque<Watch> watches_;
};

template <int kHint>
class LoopOf<kHint>::Changes {
 public:
  Changes(LoopOf& loop, FdPairs& pairs) : loop_(loop) {
    for (std::size_t i = 0; i < pairs.count(); ++i) {
      descriptors_.emplace_back(loop.context_).assign(pairs.fd(i));
    }
  }
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;
  ~Changes() {
    for (Descriptor& each : descriptors_) each.release();
    loop_.turn();
  }

  void add_reader(std::size_t i) { wait(i, Descriptor::wait_read); }
  void add_writer(std::size_t i) { wait(i, Descriptor::wait_write); }
  void remove_both(std::size_t i) { descriptors_[i].cancel(); }

 private:
  using Descriptor = asio::posix::stream_descriptor;
  void wait(std::size_t i, Descriptor::wait_type type) {
    descriptors_[i].async_wait(type, [](const asio::error_code&) {});
  }
  LoopOf& loop_;
  std::deque<Descriptor> descriptors_;
};

class Timers {
 public:
  explicit Timers(std::size_t timers) {
    for (std::size_t i = 0; i < timers; ++i) timers_.emplace_back(context_);
  }

  void insert(std::size_t timer, nanoseconds after) {
    timers_[timer].expires_after(after);
    timers_[timer].async_wait([this, timer](const asio::error_code& error) {
      if (!error) fired_->add(timer);
    });
  }
  void cancel(std::size_t timer) { timers_[timer].cancel(); }
  void put_off(std::size_t timer, nanoseconds after) { insert(timer, after); }
  void turn() {
    context_.restart();
    context_.poll();
  }
  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  asio::io_context context_{ASIO_CONCURRENCY_HINT_UNSAFE};
  std::vector<asio::steady_timer> timers_;
  Fired* fired_ = nullptr;
};

using Loop = LoopOf<ASIO_CONCURRENCY_HINT_UNSAFE>;
using PostLoop = LoopOf<1>;

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  using namespace benchmarks;  // NOLINT: of this program.
  Program program;
  add_callbacks<Timers, Loop, PostLoop>(program);
  add_coroutines<AsioCoroutines>(program);
  add_asio_echo(program);
  return program.run(argc, argv);
}

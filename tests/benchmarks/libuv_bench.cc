// libuv (Debian: libuv1-dev).

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {
namespace {

// Its user provides the queue of posts; an idle handle is active while this
// queue is not empty.
class Loop {
 public:
  template <class Work>
  class Readers;
  class Changes;

  Loop() {
    uv_loop_init(&loop_);
    loop_.data = this;
    uv_idle_init(&loop_, &idle_);
    uv_async_init(&loop_, &async_, on_mail);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  template <class F>
  void post(const F& function) {
    if (waiting_.empty()) uv_idle_start(&idle_, on_idle);
    waiting_.emplace_back(function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (mail_.put(Task(function))) uv_async_send(&async_);
  }
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
  void stop() { uv_stop(&loop_); }

 private:
  static Loop& of(const uv_loop_t* loop) {
    return *static_cast<Loop*>(loop->data);
  }
  static void on_idle(uv_idle_t* idle) { of(idle->loop).run_waiting(); }
  static void on_mail(uv_async_t* async) { of(async->loop).mail_.run_all(); }
  void run_waiting() {
    running_.swap(waiting_);
    for (Task& task : running_) task();
    running_.clear();
    if (waiting_.empty()) uv_idle_stop(&idle_);
  }

  uv_loop_t loop_;
  uv_idle_t idle_;
  uv_async_t async_;
  std::vector<Task> waiting_, running_;
  TaskMail mail_;
};

// Watchers of descriptors, of which libuv allows one per descriptor.
class Polls {
 public:
  Polls(uv_loop_t* loop, void* data, std::size_t count)
      : loop_(loop), data_(data), polls_(count) {}
  Polls(const Polls&) = delete;
  Polls& operator=(const Polls&) = delete;
  ~Polls() {
    for (uv_poll_t& poll : polls_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
    }
    uv_run(loop_, UV_RUN_NOWAIT);
  }
  void init(std::size_t i, int fd) {
    uv_poll_init(loop_, &polls_[i], fd);
    polls_[i].data = data_;
  }
  void start(std::size_t i, int events, uv_poll_cb callback) {
    uv_poll_start(&polls_[i], events, callback);
  }
  void stop(std::size_t i) { uv_poll_stop(&polls_[i]); }
  std::size_t index(const uv_poll_t* poll) const {
    return std::size_t(poll - polls_.data());
  }

 private:
  uv_loop_t* const loop_;
  void* const data_;
  std::vector<uv_poll_t> polls_;
};

template <class Work>
class Loop::Readers {
 public:
  Readers(Loop& loop, Work& work)
      : loop_(loop), work_(work), polls_(&loop.loop_, this, work.count()) {
    for (std::size_t i = 0; i < work.count(); ++i) polls_.init(i, work.fd(i));
  }
  void start(std::size_t i) { polls_.start(i, UV_READABLE, on_ready); }
  void stop(std::size_t i) { polls_.stop(i); }
  void run() { loop_.run(); }

 private:
  static void on_ready(uv_poll_t* poll, int, int) {
    Readers& readers = *static_cast<Readers*>(poll->data);
    if (read_from(readers.work_, readers.polls_.index(poll))) {
      readers.loop_.stop();
    }
  }
  Loop& loop_;
  Work& work_;
  Polls polls_;
};

class Loop::Changes {
 public:
  Changes(Loop& loop, FdPairs& pairs)
      : polls_(&loop.loop_, this, pairs.count()) {
    for (std::size_t i = 0; i < pairs.count(); ++i) polls_.init(i, pairs.fd(i));
  }
  void add_reader(std::size_t i) { polls_.start(i, UV_READABLE, on_ready); }
  void add_writer(std::size_t i) {
    polls_.start(i, UV_READABLE | UV_WRITABLE, on_ready);
  }
  void remove_both(std::size_t i) { polls_.stop(i); }

 private:
  static void on_ready(uv_poll_t*, int, int) {}
  Polls polls_;
};

class Timers : public RealTime<uv_timer_t> {
 public:
  explicit Timers(std::size_t timers) : RealTime(timers) {
    uv_loop_init(&loop_);
    loop_.data = this;
    for (uv_timer_t& timer : timers_) uv_timer_init(&loop_, &timer);
  }
  ~Timers() {
    for (uv_timer_t& timer : timers_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void insert(std::size_t timer, nanoseconds after) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(after);
    uv_timer_start(&timers_[timer], on_timer, std::uint64_t(ms.count()), 0);
  }
  void cancel(std::size_t timer) { uv_timer_stop(&timers_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) { insert(timer, after); }
  void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  static void on_timer(uv_timer_t* timer) {
    static_cast<Timers*>(timer->loop->data)->fired(timer);
  }
  uv_loop_t loop_;
};

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Program program;
  benchmarks::add_callbacks<benchmarks::Timers, benchmarks::Loop>(program);
  return program.run(argc, argv);
}

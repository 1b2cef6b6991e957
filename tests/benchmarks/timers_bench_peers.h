// The timers of other libraries, each used at its best. Their clocks are real,
// so time has to pass; this time is not counted.

#ifndef TESTS_BENCHMARKS_TIMERS_BENCH_PEERS_H_
#define TESTS_BENCHMARKS_TIMERS_BENCH_PEERS_H_

#include <ev.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <uv.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "tests/benchmarks/timers_bench.h"

namespace benchmarks {

// An array of a library's own timers. The number of a timer is its index.
template <class Timer>
class RealTime {
 public:
  explicit RealTime(std::size_t timers) : timers_(timers) {}
  RealTime(const RealTime&) = delete;
  RealTime& operator=(const RealTime&) = delete;

  void settle() {}
  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }

 protected:
  void fired(const Timer* timer) {
    fired_->add(static_cast<std::size_t>(timer - timers_.data()));
  }

  std::vector<Timer> timers_;
  Fired* fired_ = nullptr;
};

class Libev : public RealTime<ev_timer> {
 public:
  explicit Libev(std::size_t timers)
      : RealTime(timers), loop_(ev_loop_new(EVFLAG_AUTO)) {
    ev_set_userdata(loop_, this);
    for (ev_timer& timer : timers_) ev_init(&timer, on_timer);
  }
  ~Libev() { ev_loop_destroy(loop_); }

  void insert(std::size_t timer, nanoseconds after) {
    ev_timer_set(&timers_[timer], std::chrono::duration<double>(after).count(),
                 0.);
    ev_timer_start(loop_, &timers_[timer]);
  }
  void cancel(std::size_t timer) { ev_timer_stop(loop_, &timers_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) {
    timers_[timer].repeat = std::chrono::duration<double>(after).count();
    ev_timer_again(loop_, &timers_[timer]);
    timers_[timer].repeat = 0.;
  }
  void fire(Fired& fired) {
    fired_ = &fired;
    ev_run(loop_, EVRUN_NOWAIT);
  }

 private:
  static void on_timer(struct ev_loop* loop, ev_timer* timer, int) {
    static_cast<Libev*>(ev_userdata(loop))->fired(timer);
  }
  struct ev_loop* loop_;
};

class Libevent : public RealTime<event> {
 public:
  explicit Libevent(std::size_t timers)
      : RealTime(timers), base_(event_base_new()) {
    for (event& timer : timers_) {
      event_assign(&timer, base_, -1, 0, on_timer, event_self_cbarg());
    }
    current_ = this;
  }
  ~Libevent() { event_base_free(base_); }

  void insert(std::size_t timer, nanoseconds after) {
    const auto count = after.count();
    const timeval time{count / 1'000'000'000, count / 1000 % 1'000'000};
    event_add(&timers_[timer], &time);
  }
  void cancel(std::size_t timer) { event_del(&timers_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) { insert(timer, after); }
  void fire(Fired& fired) {
    fired_ = &fired;
    current_ = this;
    event_base_loop(base_, EVLOOP_NONBLOCK);
  }

 private:
  static void on_timer(evutil_socket_t, short, void* timer) {
    current_->fired(static_cast<event*>(timer));
  }
  static inline Libevent* current_ = nullptr;
  event_base* base_;
};

class Libuv : public RealTime<uv_timer_t> {
 public:
  explicit Libuv(std::size_t timers) : RealTime(timers) {
    uv_loop_init(&loop_);
    loop_.data = this;
    for (uv_timer_t& timer : timers_) uv_timer_init(&loop_, &timer);
  }
  ~Libuv() {
    for (uv_timer_t& timer : timers_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void insert(std::size_t timer, nanoseconds after) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(after);
    uv_timer_start(&timers_[timer], on_timer,
                   static_cast<std::uint64_t>(ms.count()), 0);
  }
  void cancel(std::size_t timer) { uv_timer_stop(&timers_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) { insert(timer, after); }
  void fire(Fired& fired) {
    fired_ = &fired;
    uv_run(&loop_, UV_RUN_NOWAIT);
  }

 private:
  static void on_timer(uv_timer_t* timer) {
    static_cast<Libuv*>(timer->loop->data)->fired(timer);
  }
  uv_loop_t loop_;
};

class Asio {
 public:
  explicit Asio(std::size_t timers) {
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
  // Runs the callbacks of the cancelled timers.
  void settle() {
    context_.restart();
    context_.poll();
  }
  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }
  void fire(Fired& fired) {
    fired_ = &fired;
    settle();
  }

 private:
  asio::io_context context_{1};  // One thread.
  std::vector<asio::steady_timer> timers_;
  Fired* fired_ = nullptr;
};

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_TIMERS_BENCH_PEERS_H_

// libev (Debian: libev-dev).

#include <ev.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {
namespace {

class Loop {
 public:
  template <class Work>
  class Readers;
  class Changes;

  Loop() : loop_(ev_loop_new(EVFLAG_AUTO)) {
    ev_set_userdata(loop_, this);
    ev_async_init(&async_, on_mail);
    ev_async_start(loop_, &async_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { ev_loop_destroy(loop_); }

  template <class F>
  void post(const F& function) {
    auto* const node = nodes_.get(
        Task(function), [](auto& fresh) { ev_init(&fresh.watcher, on_task); });
    ev_feed_event(loop_, &node->watcher, EV_CUSTOM);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (mail_.put(Task(function))) ev_async_send(loop_, &async_);
  }
  void run() { ev_run(loop_, 0); }
  void turn() { ev_run(loop_, EVRUN_NOWAIT); }
  void stop() { ev_break(loop_, EVBREAK_ALL); }

 private:
  static void on_task(struct ev_loop*, ev_prepare* watcher, int) {
    TaskNodes<ev_prepare>::run(watcher);
  }
  static void on_mail(struct ev_loop* loop, ev_async*, int) {
    static_cast<Loop*>(ev_userdata(loop))->mail_.run_all();
  }
  struct ev_loop* loop_;
  ev_async async_;
  TaskNodes<ev_prepare> nodes_;
  TaskMail mail_;
};

template <class Work>
class Loop::Readers {
 public:
  Readers(Loop& loop, Work& work)
      : loop_(loop), work_(work), watchers_(work.count()) {
    for (std::size_t i = 0; i < work.count(); ++i) {
      ev_io_init(&watchers_[i], on_ready, work.fd(i), EV_READ);
      watchers_[i].data = this;
    }
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  void start(std::size_t i) { ev_io_start(loop_.loop_, &watchers_[i]); }
  void stop(std::size_t i) { ev_io_stop(loop_.loop_, &watchers_[i]); }
  void run() { loop_.run(); }

 private:
  static void on_ready(struct ev_loop*, ev_io* watcher, int) {
    Readers& readers = *static_cast<Readers*>(watcher->data);
    const auto i = std::size_t(watcher - readers.watchers_.data());
    if (read_from(readers.work_, i)) readers.loop_.stop();
  }
  Loop& loop_;
  Work& work_;
  std::vector<ev_io> watchers_;
};

class Loop::Changes {
 public:
  Changes(Loop& loop, FdPairs& pairs)
      : loop_(loop), readers_(pairs.count()), writers_(pairs.count()) {
    for (std::size_t i = 0; i < pairs.count(); ++i) {
      ev_io_init(&readers_[i], on_ready, pairs.fd(i), EV_READ);
      ev_io_init(&writers_[i], on_ready, pairs.fd(i), EV_WRITE);
    }
  }
  void add_reader(std::size_t i) { ev_io_start(loop_.loop_, &readers_[i]); }
  void add_writer(std::size_t i) { ev_io_start(loop_.loop_, &writers_[i]); }
  void remove_both(std::size_t i) {
    ev_io_stop(loop_.loop_, &readers_[i]);
    ev_io_stop(loop_.loop_, &writers_[i]);
  }

 private:
  static void on_ready(struct ev_loop*, ev_io*, int) {}
  Loop& loop_;
  std::vector<ev_io> readers_, writers_;
};

class Timers : public RealTime<ev_timer> {
 public:
  explicit Timers(std::size_t timers)
      : RealTime(timers), loop_(ev_loop_new(EVFLAG_AUTO)) {
    ev_set_userdata(loop_, this);
    for (ev_timer& timer : timers_) ev_init(&timer, on_timer);
  }
  ~Timers() { ev_loop_destroy(loop_); }

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
  void turn() { ev_run(loop_, EVRUN_NOWAIT); }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  static void on_timer(struct ev_loop* loop, ev_timer* timer, int) {
    static_cast<Timers*>(ev_userdata(loop))->fired(timer);
  }
  struct ev_loop* loop_;
};

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Program program;
  benchmarks::add_callbacks<benchmarks::Timers, benchmarks::Loop>(program);
  return program.run(argc, argv);
}

// libevent (Debian: libevent-dev), without locks.

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {
namespace {

// An eventfd reports posts of other threads.
class Loop {
 public:
  template <class Work>
  class Readers;
  class Changes;

  Loop() : base_(make_base()), wake_up_(::eventfd(0, EFD_NONBLOCK)) {
    event_assign(&woken_, base_, wake_up_, EV_READ | EV_PERSIST | EV_ET,
                 on_mail, this);
    event_add(&woken_, nullptr);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    event_del(&woken_);
    event_base_free(base_);
    ::close(wake_up_);
  }

  template <class F>
  void post(const F& function) {
    auto* const node = nodes_.get(Task(function), [this](auto& fresh) {
      event_assign(&fresh.watcher, base_, -1, 0, on_task, &fresh.watcher);
    });
    event_active(&node->watcher, EV_READ, 0);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (!mail_.put(Task(function))) return;
    const std::uint64_t one = 1;
    check(::write(wake_up_, &one, sizeof(one)) == sizeof(one), "write");
  }
  void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
  void turn() { event_base_loop(base_, EVLOOP_NONBLOCK); }
  void stop() { event_base_loopbreak(base_); }

 private:
  // Makes a loop that passes only the net changes to the kernel, before it
  // waits.
  static event_base* make_base() {
    event_config* const config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    event_base* const base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
  }
  static void on_task(evutil_socket_t, short, void* watcher) {
    TaskNodes<event>::run(static_cast<event*>(watcher));
  }
  static void on_mail(evutil_socket_t, short, void* loop) {
    static_cast<Loop*>(loop)->mail_.run_all();
  }
  event_base* base_;
  const int wake_up_;
  event woken_;
  TaskNodes<event> nodes_;
  TaskMail mail_;
};

template <class Work>
class Loop::Readers {
 public:
  Readers(Loop& loop, Work& work)
      : loop_(loop), work_(work), watches_(work.count()) {
    for (std::size_t i = 0; i < work.count(); ++i) {
      watches_[i].readers = this;
      event_assign(&watches_[i].event, loop.base_, work.fd(i),
                   EV_READ | EV_PERSIST, on_ready, &watches_[i]);
    }
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  ~Readers() {
    for (std::size_t i = 0; i < watches_.size(); ++i) stop(i);
  }

  void start(std::size_t i) { event_add(&watches_[i].event, nullptr); }
  void stop(std::size_t i) { event_del(&watches_[i].event); }
  void run() { loop_.run(); }

 private:
  struct Watch {
    ::event event;
    Readers* readers;
  };
  static void on_ready(evutil_socket_t, short, void* argument) {
    const auto* const watch = static_cast<Watch*>(argument);
    Readers& readers = *watch->readers;
    const auto i = std::size_t(watch - readers.watches_.data());
    if (read_from(readers.work_, i)) readers.loop_.stop();
  }
  Loop& loop_;
  Work& work_;
  std::vector<Watch> watches_;
};

class Loop::Changes {
 public:
  Changes(Loop& loop, FdPairs& pairs)
      : readers_(pairs.count()), writers_(pairs.count()) {
    for (std::size_t i = 0; i < pairs.count(); ++i) {
      event_assign(&readers_[i], loop.base_, pairs.fd(i), EV_READ | EV_PERSIST,
                   on_ready, nullptr);
      event_assign(&writers_[i], loop.base_, pairs.fd(i), EV_WRITE | EV_PERSIST,
                   on_ready, nullptr);
    }
  }
  void add_reader(std::size_t i) { event_add(&readers_[i], nullptr); }
  void add_writer(std::size_t i) { event_add(&writers_[i], nullptr); }
  void remove_both(std::size_t i) {
    event_del(&readers_[i]);
    event_del(&writers_[i]);
  }

 private:
  static void on_ready(evutil_socket_t, short, void*) {}
  std::vector<event> readers_, writers_;
};

class Timers : public RealTime<event> {
 public:
  explicit Timers(std::size_t timers)
      : RealTime(timers), base_(event_base_new()) {
    for (event& timer : timers_) {
      event_assign(&timer, base_, -1, 0, on_timer, event_self_cbarg());
    }
    current_ = this;
  }
  ~Timers() { event_base_free(base_); }

  void insert(std::size_t timer, nanoseconds after) {
    const auto count = after.count();
    const timeval time{count / 1'000'000'000, count / 1000 % 1'000'000};
    event_add(&timers_[timer], &time);
  }
  void cancel(std::size_t timer) { event_del(&timers_[timer]); }
  void put_off(std::size_t timer, nanoseconds after) { insert(timer, after); }
  void turn() { event_base_loop(base_, EVLOOP_NONBLOCK); }
  void fire(Fired& fired) {
    fired_ = &fired;
    turn();
  }

 private:
  static void on_timer(evutil_socket_t, short, void* timer) {
    current_->fired(static_cast<event*>(timer));
  }
  static inline Timers* current_ = nullptr;
  event_base* base_;
};

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Program program;
  benchmarks::add_callbacks<benchmarks::Timers, benchmarks::Loop>(program);
  return program.run(argc, argv);
}

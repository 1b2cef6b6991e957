// The cost that an event loop adds to its work.
//
//   ./bazelw run --config=opt //tests/benchmarks:loop_bench
//   ./bazelw run --config=opt //tests/benchmarks:loop_peers_bench
//
// The second one adds libev, libevent, libuv and asio (Debian: libev-dev,
// libevent-dev, libuv1-dev, libasio-dev) and is this file with the macro
// LOOP_BENCH_PEERS.
//
// Rows are a work and a loop. "ns" is the time of an operation, "raw_ns" its
// time by hand, and "ratio" their ratio in the same round; all are medians. An
// operation is
//   chain           a callback that schedules the next
//   burst           one of 1,000 callbacks, scheduled at once
//   posts           a callback from another thread
//   ping_pong       half of a round trip between the loops of two threads, each
//                   of which watches a descriptor
//   ping_pong_bare  half of a round trip between loops that watch nothing
//   churn_within    add a reader, or a writer too, or remove both, when the
//                   loop polls once all three are done
//   churn_between   add a reader, or a writer too, or remove both, when the
//                   loop polls after each
//   cascade_N       a callback that reads a byte and passes it on to the next
//                   of 1,000 socket pairs; N bytes are under way
//   timers          see timers_bench.cc; call_later() reads the clock each
//                   time, call_at() uses one time for many, as libev and libuv
//                   do
// Posts, and the hand-written loop, are checked by counts and sums.
//
// User instructions, which are unaffected by other load on the machine:
//
//   for work in chain:run_chain burst:run_burst churn_within:churn_within
//       churn_between:churn_between cascade_100:run_cascade; do
//     valgrind --tool=callgrind --callgrind-out-file=/dev/null
//       --toggle-collect="*Ours>::${work#*:}*"
//       bazel-bin/tests/benchmarks/loop_bench
//       --benchmark_filter="^${work%:*}/ours"
//   done
//
// (in one line each). Divide the number after "Collected" by the operations of
// a round, which are 100,000 (chain, burst, cascade_100), 30,000 (churn) or
// 20,000 (cascade_1), and by the rounds, which are one more than the row's name
// says. Raw> instead of Ours> counts the hand-written loop; LibevLoop>, with a
// filter for libev, counts libev. Timers are counted as in timers_bench.cc.
//
// System calls: strace -f -c. The hand-written loop, which runs in the same
// program, makes one of them for each operation of churn.

#include "tests/benchmarks/loop_bench.h"

#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "loop/callbacks/callbacks.h"
#ifdef LOOP_BENCH_PEERS
#include "tests/benchmarks/loop_bench_peers.h"
#endif
#include "tests/benchmarks/timers_bench.h"

namespace benchmarks {
namespace {

class Ours {
 public:
  class Fds;

  template <class F>
  void post(const F& function) {
    loop_.call_soon(function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    loop_.call_soon_threadsafe(function);
  }
  void run() { loop_.run_forever(); }
  void run_posted() { loop_.run_once(std::chrono::seconds(0)); }
  void stop() { loop_.stop(); }

 private:
  loop::EventLoop loop_;
};

class Ours::Fds {
 public:
  Fds(Ours& loop, FdWork& work) : loop_(loop.loop_), work_(work) {}

  void add_reader(std::size_t i) {
    loop_.add_reader(work_.fd(i), [this, i] { ready(i); });
  }
  void add_writer(std::size_t i) {
    loop_.add_writer(work_.fd(i), [this, i] { ready(i); });
  }
  void remove_both(std::size_t i) {
    loop_.remove_reader(work_.fd(i));
    loop_.remove_writer(work_.fd(i));
  }
  void start_reading(std::size_t i) { add_reader(i); }

 private:
  void ready(std::size_t i) {
    if (work_.ready(i)) loop_.stop();
  }
  loop::EventLoop& loop_;
  FdWork& work_;
};

// The tightest loop: two arrays that are swapped, and system calls.
class Raw {
 public:
  class Fds;

  Raw() : epoll_(::epoll_create1(0)), wake_up_(::eventfd(0, EFD_NONBLOCK)) {
    control(EPOLL_CTL_ADD, wake_up_, kWakeUp, EPOLLIN | EPOLLET);
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() {
    ::close(wake_up_);
    ::close(epoll_);
  }

  template <class F>
  void post(const F& function) {
    waiting_.emplace_back(function);
  }
  template <class F>
  void post_from_outside(const F& function) {
    if (!mail_.put(Task(function))) return;
    has_mail_.store(true);
    if (!asleep_.load() || !asleep_.exchange(false)) return;
    const std::uint64_t one = 1;
    check(::write(wake_up_, &one, sizeof(one)) == sizeof(one), "write");
  }
  void run() {
    do {
      if (waiting_.empty()) sleep();
      run_tasks();
    } while (!stopped_);
    stopped_ = false;
  }
  void run_posted() {
    if (fds_ != nullptr) select(0);
    run_tasks();
  }
  void stop() { stopped_ = true; }

 private:
  static constexpr std::uint64_t kWakeUp = ~std::uint64_t{0};

  void control(int operation, int fd, std::uint64_t data,
               std::uint32_t events) {
    epoll_event event{events, {.u64 = data}};
    check(::epoll_ctl(epoll_, operation, fd, &event) == 0, "epoll_ctl");
  }
  void run_tasks() {
    running_.swap(waiting_);
    for (Task& task : running_) task();
    running_.clear();
  }
  void sleep() {
    asleep_.store(true);
    select(has_mail_.load() ? 0 : -1);
    asleep_.store(false, std::memory_order_relaxed);
    if (!has_mail_.load(std::memory_order_relaxed)) return;
    has_mail_.store(false);
    mail_.run_all();
  }
  void select(int timeout);

  const int epoll_, wake_up_;
  std::vector<Task> waiting_, running_;
  TaskMail mail_;
  std::atomic<bool> has_mail_ = false, asleep_ = false;
  Fds* fds_ = nullptr;
  bool stopped_ = false;
};

// Descriptors without closures: a ready descriptor has a number.
class Raw::Fds {
 public:
  Fds(Raw& loop, FdWork& work) : loop_(loop), work_(work) { loop.fds_ = this; }

  void add_reader(std::size_t i) { control(EPOLL_CTL_ADD, i, EPOLLIN); }
  void add_writer(std::size_t i) {
    control(EPOLL_CTL_MOD, i, EPOLLIN | EPOLLOUT);
  }
  void remove_both(std::size_t i) { control(EPOLL_CTL_DEL, i, 0); }
  void start_reading(std::size_t i) { add_reader(i); }
  void ready(std::size_t i) {
    if (work_.ready(i)) loop_.stop();
  }

 private:
  void control(int operation, std::size_t i, std::uint32_t events) {
    loop_.control(operation, work_.fd(i), i, events);
  }
  Raw& loop_;
  FdWork& work_;
};

void Raw::select(int timeout) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 != kWakeUp) fds_->ready(events[i].data.u64);
  }
}

// ---- Timers ----

// Timers of the loop. The clock is real, so time has to pass until they are
// due.
template <bool kWithTime>
class OurTimers {
 public:
  explicit OurTimers(std::size_t timers) : handles_(timers) {}
  OurTimers(const OurTimers&) = delete;

  void insert(std::size_t timer, nanoseconds after) {
    auto callback = [this, timer] { fired_->add(timer); };
    if constexpr (kWithTime) {
      handles_[timer] = loop_.call_later(after, callback);
    } else {
      handles_[timer] = loop_.call_at(now_ + after, callback);
    }
  }
  void cancel(std::size_t timer) { handles_[timer].cancel(); }
  void put_off(std::size_t timer, nanoseconds after) {
    handles_[timer].reschedule((kWithTime ? loop_.time() : now_) + after);
  }
  void settle() { now_ = loop_.time(); }
  void pass(nanoseconds time) { std::this_thread::sleep_for(time); }
  void fire(Fired& fired) {
    fired_ = &fired;
    loop_.run_once(std::chrono::seconds(0));
    settle();
  }

 private:
  loop::EventLoop loop_;
  loop::TimePoint now_ = loop_.time();
  std::vector<loop::TimerHandle> handles_;
  Fired* fired_ = nullptr;
};
using OurCallLater = OurTimers<true>;
using OurCallAt = OurTimers<false>;

// ---- Rows ----

template <class Subject>
void add_timers(const std::string& name) {
  for (const int timers : {10'000, 1'000'000}) {
    benchmark::RegisterBenchmark(("timers/" + name).c_str(),
                                 BM_timers<Subject, RawTimers>)
        ->Arg(timers)
        ->UseManualTime()
        ->Iterations(timers > 100'000 ? 3 : 31);
  }
}

template <class Function>
void add(const std::string& name, Function function, int rounds) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->UseManualTime()
      ->Iterations(rounds);
}

template <class Subject, class Threadsafe = Subject>
void add_all(const std::string& name) {
  add("chain/" + name, BM_soon<Chain, Subject, Raw>, 31);
  add("burst/" + name, BM_soon<Burst, Subject, Raw>, 31);
  for (const bool one : {false, true}) {
    add((one ? "posts_1_core/" : "posts/") + name,
        [one](auto& s) { BM_posts<Threadsafe, Raw>(s, one); }, 11);
    for (const bool watching : {true, false}) {
      add(
          std::string(watching ? "ping_pong" : "ping_pong_bare") +
              (one ? "_1_core/" : "/") + name,
          [=](auto& s) { BM_ping_pong<Threadsafe, Raw>(s, one, watching); },
          11);
    }
  }
  for (const bool within : {true, false}) {
    add((within ? "churn_within/" : "churn_between/") + name,
        [within](auto& s) { BM_churn<Subject, Raw>(s, within); }, 11);
  }
  for (const int bytes : {1, 100}) {
    add(
        "cascade_" + std::to_string(bytes) + "/" + name,
        [bytes](auto& s) { BM_cascade<Subject, Raw>(s, bytes); }, 11);
  }
}

const bool registered = [] {
  raise_fd_limit();
  add_all<Ours>("ours");
  add_timers<OurCallLater>("call_later");
  add_timers<OurCallAt>("call_at");
#ifdef LOOP_BENCH_PEERS
  add_all<LibevLoop>("libev");
  add_all<LibeventLoop>("libevent");
  add_all<LibuvLoop>("libuv");
  add_all<AsioLoop, AsioThreadsafeLoop>("asio");
  add_timers<Libev>("libev");
  add_timers<Libevent>("libevent");
  add_timers<Libuv>("libuv");
  add_timers<Asio>("asio");
#endif
  return true;
}();

}  // namespace
}  // namespace benchmarks

BENCHMARK_MAIN();

// The tightest code by hand, over system calls: the floor of each workload.
//
// There is no handle that could be stale, no closure for a descriptor, no
// cancelling, no exception.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/benchmarks/callback_work.h"
#include "tests/benchmarks/coroutine_work.h"
#include "tests/benchmarks/raw_coroutines.h"
#include "tests/benchmarks/workload.h"

namespace benchmarks {
namespace {

// Two arrays that are swapped, and system calls.
class Loop {
 public:
  template <class Work>
  class Readers;
  class Changes;

  Loop() : epoll_(::epoll_create1(0)), wake_up_(::eventfd(0, EFD_NONBLOCK)) {
    control(EPOLL_CTL_ADD, wake_up_, kWakeUp, EPOLLIN | EPOLLET);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
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
    run_with([](std::uint64_t) {});
  }
  // Runs until stop(). Calls `ready(i)` for each ready descriptor.
  template <class Ready>
  void run_with(Ready ready) {
    do {
      if (waiting_.empty()) sleep(ready);
      run_tasks();
    } while (!stopped_);
    stopped_ = false;
  }
  void turn() {
    if (watches_) select(0, [](std::uint64_t) {});
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
  template <class Ready>
  void sleep(Ready ready) {
    asleep_.store(true);
    select(has_mail_.load() ? 0 : -1, ready);
    asleep_.store(false, std::memory_order_relaxed);
    if (!has_mail_.load(std::memory_order_relaxed)) return;
    has_mail_.store(false);
    mail_.run_all();
  }
  template <class Ready>
  void select(int timeout, Ready ready) {
    std::array<epoll_event, 256> events;
    const int count =
        ::epoll_wait(epoll_, events.data(), events.size(), timeout);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 != kWakeUp) ready(events[i].data.u64);
    }
  }

  const int epoll_, wake_up_;
  std::vector<Task> waiting_, running_;
  TaskMail mail_;
  std::atomic<bool> has_mail_ = false, asleep_ = false;
  bool watches_ = false, stopped_ = false;
};

// A ready descriptor has a number.
template <class Work>
class Loop::Readers {
 public:
  Readers(Loop& loop, Work& work) : loop_(loop), work_(work) {
    loop.watches_ = true;
  }
  void start(std::size_t i) {
    loop_.control(EPOLL_CTL_ADD, work_.fd(i), i, EPOLLIN);
  }
  void stop(std::size_t i) { loop_.control(EPOLL_CTL_DEL, work_.fd(i), i, 0); }
  void run() {
    loop_.run_with([this](std::uint64_t i) {
      if (read_from(work_, i)) loop_.stop();
    });
  }

 private:
  Loop& loop_;
  Work& work_;
};

class Loop::Changes {
 public:
  Changes(Loop& loop, FdPairs& pairs) : loop_(loop), pairs_(pairs) {
    loop.watches_ = true;
  }
  void add_reader(std::size_t i) { control(EPOLL_CTL_ADD, i, EPOLLIN); }
  void add_writer(std::size_t i) {
    control(EPOLL_CTL_MOD, i, EPOLLIN | EPOLLOUT);
  }
  void remove_both(std::size_t i) { control(EPOLL_CTL_DEL, i, 0); }

 private:
  void control(int operation, std::size_t i, std::uint32_t events) {
    loop_.control(operation, pairs_.fd(i), i, events);
  }
  Loop& loop_;
  FdPairs& pairs_;
};

// A 4-ary heap of 16 bytes per timer, which knows the position of each timer.
// It does not keep the order of equal deadlines.
class Timers {
 public:
  explicit Timers(std::size_t timers) : places_(timers) {
    heap_.reserve(timers);
  }

  void insert(std::size_t timer, nanoseconds after) {
    heap_.emplace_back();
    rise(heap_.size() - 1,
         {(now_ + after).count(), static_cast<std::uint32_t>(timer)});
  }
  void cancel(std::size_t timer) {
    const std::size_t place = places_[timer];
    const Item last = heap_.back();
    heap_.pop_back();
    if (place != heap_.size()) move(place, last);
  }
  void put_off(std::size_t timer, nanoseconds after) {
    move(places_[timer],
         {(now_ + after).count(), static_cast<std::uint32_t>(timer)});
  }
  void turn() {}
  void pass(nanoseconds time) { now_ += time; }
  void fire(Fired& fired) {
    while (!heap_.empty() && heap_[0].when <= now_.count()) {
      const Item first = heap_[0], last = heap_.back();
      heap_.pop_back();
      if (!heap_.empty()) sink(0, last);
      fired.add(first.timer);
    }
  }

 private:
  struct Item {
    std::int64_t when;
    std::uint32_t timer;
  };

  void put(std::size_t place, Item item) {
    heap_[place] = item;
    places_[item.timer] = static_cast<std::uint32_t>(place);
  }
  void move(std::size_t place, Item item) {
    if (place > 0 && item.when < heap_[(place - 1) / 4].when) {
      rise(place, item);
    } else {
      sink(place, item);
    }
  }
  void rise(std::size_t place, Item item) {
    while (place > 0 && item.when < heap_[(place - 1) / 4].when) {
      put(place, heap_[(place - 1) / 4]);
      place = (place - 1) / 4;
    }
    put(place, item);
  }
  void sink(std::size_t place, Item item) {
    for (;;) {
      const std::size_t first = 4 * place + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + 4, heap_.size());
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].when < heap_[least].when) least = child;
      }
      if (item.when <= heap_[least].when) break;
      put(place, heap_[least]);
      place = least;
    }
    put(place, item);
  }

  std::vector<Item> heap_;
  std::vector<std::uint32_t> places_;
  nanoseconds now_ = std::chrono::hours(1000);
};

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Program program;
  benchmarks::add_callbacks<benchmarks::Timers, benchmarks::Loop>(program);
  benchmarks::add_coroutines<benchmarks::RawCoroutines>(program);
  return program.run(argc, argv);
}

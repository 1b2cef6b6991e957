// The workloads of loop_bench for each event loop, ours and others.

#ifndef TESTS_BENCHMARKS_LOOP_BENCH_H_
#define TESTS_BENCHMARKS_LOOP_BENCH_H_

#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/benchmarks/compare.h"

namespace benchmarks {

// A subject is a loop:
//   void post(F)                  runs F, 32 bytes that can be copied, soon
//   void post_from_outside(F)     runs F soon; called from another thread
//   void run()                    runs until stop()
//   void run_posted()             runs the posted functions; does not wait
//   void stop()
//   explicit Loop::Fds(Loop&, FdWork&)
//     void add_reader(std::size_t i)      of the work's ith descriptor: it
//     void add_writer(std::size_t i)      calls work.ready(i)
//     void remove_both(std::size_t i)
//     void start_reading(std::size_t i)   its best reader, for the cascade
// The measured functions are not inlined, so that callgrind can count them: see
// loop_bench.cc.

// ---- Parts of subjects ----

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::abort();
}

// A type-erased closure, as a programmer writes it by hand.
class Task {
 public:
  template <class F>
  explicit Task(const F& function) : call_(call<F>) {
    static_assert(sizeof(F) <= sizeof(storage_));
    static_assert(std::is_trivially_copyable_v<F>);
    ::new (static_cast<void*>(storage_)) F(function);
  }
  void operator()() { call_(storage_); }

 private:
  template <class F>
  static void call(void* storage) {
    (*std::launder(static_cast<F*>(storage)))();
  }
  void (*call_)(void*);
  alignas(void*) std::byte storage_[32];
};

// A queue of posts, for libraries that have no such queue.
class TaskMail {
 public:
  // Adds a task. Returns whether the queue was empty, so that the caller must
  // wake the loop.
  bool put(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(task);
    return tasks_.size() == 1;
  }
  void run_all() {
    {
      const std::lock_guard lock(mutex_);
      taken_.swap(tasks_);
    }
    for (Task& task : taken_) task();
    taken_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_, taken_;
};

// ---- Rounds ----

// Times two ways of doing the same work in turns, like compare(). Each way
// returns the time of one of its operations.
template <class Raw, class Ours>
void in_turns(benchmark::State& state, Raw raw, Ours ours) {
  raw();  // Warm from now on.
  ours();
  std::vector<double> raw_times, our_times, ratios;
  bool raw_first = true;
  for (auto _ : state) {
    double raw_time = raw_first ? raw() : 0;
    const double our_time = ours();
    if (!raw_first) raw_time = raw();
    raw_first = !raw_first;
    state.SetIterationTime(our_time / 1e9);
    raw_times.push_back(raw_time);
    our_times.push_back(our_time);
    ratios.push_back(our_time / raw_time);
  }
  state.counters["raw_ns"] = median(raw_times);
  state.counters["ns"] = median(our_times);
  state.counters["ratio"] = median(ratios);
}

// ---- Callbacks that are to run soon ----

// A closure of four words, three of which the work adds up.
template <class Work>
struct FourWords {
  Work* work;
  std::uint64_t left, second, third;
  void operator()() const { work->run(*this); }
};

// Callbacks each of which schedules the next.
template <class Loop>
class Chain {
 public:
  static constexpr std::uint64_t kDepth = 100'000;
  using Link = FourWords<Chain>;
  static_assert(sizeof(Link) == 32);

  explicit Chain(Loop& loop) : loop_(loop) {}

  [[gnu::noinline]] void run_chain() {
    loop_.post(Link{this, kDepth - 1, 2, 3});
    loop_.run();
  }
  void run(const Link& link) {
    ++count_;
    sum_ += link.left + link.second + link.third;
    if (link.left == 0) return loop_.stop();
    loop_.post(Link{this, link.left - 1, link.second, link.third});
  }
  double round() {
    count_ = sum_ = 0;
    const double time = nanoseconds_of(*this);
    check(count_ == kDepth, "links of the chain");
    check(sum_ == kDepth * (kDepth - 1) / 2 + 5 * kDepth, "sum of the chain");
    return time / kDepth;
  }
  void operator()() { run_chain(); }

 private:
  Loop& loop_;
  std::uint64_t count_ = 0, sum_ = 0;
};

// Many callbacks that are scheduled at once.
template <class Loop>
class Burst {
 public:
  static constexpr std::uint64_t kSize = 1000, kBursts = 100;
  using One = FourWords<Burst>;
  static_assert(sizeof(One) == 32);

  explicit Burst(Loop& loop) : loop_(loop) {}

  [[gnu::noinline]] void run_burst() {
    for (std::uint64_t i = 0; i < kSize; ++i) loop_.post(One{this, i, 2, 3});
    loop_.run_posted();
  }
  void run(const One& one) {
    ++count_;
    sum_ += one.left + one.second + one.third;
  }
  double round() {
    count_ = sum_ = 0;
    const double time = nanoseconds_of(*this);
    check(count_ == kBursts * kSize, "closures of the bursts");
    check(sum_ == kBursts * (kSize * (kSize - 1) / 2 + 5 * kSize),
          "sum of the bursts");
    return time / (kBursts * kSize);
  }
  void operator()() {
    for (std::uint64_t i = 0; i < kBursts; ++i) run_burst();
  }

 private:
  Loop& loop_;
  std::uint64_t count_ = 0, sum_ = 0;
};

template <template <class> class Work, class Subject, class Raw>
void BM_soon(benchmark::State& state) {
  Subject subject;
  Raw raw_loop;
  Work<Subject> ours(subject);
  Work<Raw> raw(raw_loop);
  in_turns(
      state, [&] { return raw.round(); }, [&] { return ours.round(); });
}

// ---- Posts from another thread ----

// Puts this thread, and the threads that it makes, on one processor.
class OnOneProcessor {
 public:
  explicit OnOneProcessor(bool wanted) {
    ::sched_getaffinity(0, sizeof(before_), &before_);
    if (!wanted) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    check(::sched_setaffinity(0, sizeof(one), &one) == 0, "affinity");
  }
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;
  ~OnOneProcessor() { ::sched_setaffinity(0, sizeof(before_), &before_); }

 private:
  cpu_set_t before_;
};

// Posts as fast as possible, except for a bound of the posts under way. On two
// processors the result depends on how often a loop sleeps, and a slower loop
// sleeps less. On one processor the result is the cost of a post.
template <class Loop>
class Posts {
 public:
  static constexpr std::uint64_t kPosts = 200'000, kOnTheWay = 1000;

  explicit Posts(Loop& loop) : loop_(loop) {}

  double round() {
    sum_ = 0;
    done_ = 0;
    const double time = nanoseconds_of(*this);
    check(done_ == kPosts, "posts");
    check(sum_ == kPosts * (kPosts - 1) / 2, "sum of the posts");
    return time / kPosts;
  }
  void operator()() {
    std::thread poster([this] { post_all(); });
    loop_.run();
    poster.join();
  }

 private:
  void post_all() {
    for (std::uint64_t i = 0; i < kPosts; ++i) {
      while (i - done_.load(std::memory_order_acquire) >= kOnTheWay) {
        std::this_thread::yield();
      }
      loop_.post_from_outside([this, i] { run(i); });
    }
  }
  void run(std::uint64_t i) {
    sum_ += i;
    done_.store(i + 1, std::memory_order_release);
    if (i + 1 == kPosts) loop_.stop();
  }

  Loop& loop_;
  std::uint64_t sum_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
};

template <class Subject, class Raw>
void BM_posts(benchmark::State& state, bool on_one_processor) {
  const OnOneProcessor processor(on_one_processor);
  Subject subject;
  Raw raw_loop;
  Posts<Subject> ours(subject);
  Posts<Raw> raw(raw_loop);
  in_turns(
      state, [&] { return raw.round(); }, [&] { return ours.round(); });
}

// ---- Descriptors ----

// Descriptors in pairs: bytes written to the second can be read from the first.
class FdWork {
 public:
  static constexpr std::size_t kPairs = 1000;

  // Makes pipes. Their first ends are never ready for a writer either.
  static FdWork pipes() {
    return FdWork([](int* pair) { return ::pipe(pair); });
  }
  static FdWork sockets() {
    return FdWork([](int* pair) {
      return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    });
  }
  FdWork(const FdWork&) = delete;
  FdWork& operator=(const FdWork&) = delete;
  ~FdWork() {
    for (const auto& pair : pairs_) {
      ::close(pair[0]);
      ::close(pair[1]);
    }
  }

  int fd(std::size_t i) const { return pairs_[i][0]; }

  // Puts in `bytes` bytes, at equal distances, that go around `laps` times.
  void begin(std::size_t bytes, std::size_t laps) {
    left_ = kPairs * bytes * laps;
    received_.assign(kPairs, 0);
    to_pass_.assign(kPairs, bytes * laps);
    for (std::size_t i = 0; i < kPairs; i += kPairs / bytes) {
      --to_pass_[i];  // Passed on now, so that the last arrival stays here.
      pass_to(i + 1);
    }
  }

  // Reads a byte and passes it on. Returns whether that was the last byte.
  bool ready(std::size_t i) {
    char byte;
    check(::read(fd(i), &byte, 1) == 1, "nothing to read");
    return pass_on(i);
  }
  // Passes on a byte that was read. Returns whether that was the last byte.
  bool pass_on(std::size_t i) {
    ++received_[i];
    if (to_pass_[i] != 0) {
      --to_pass_[i];
      pass_to(i + 1);
    }
    return --left_ == 0;
  }

  void check_all_received(std::size_t each) const {
    for (const std::size_t count : received_) {
      check(count == each, "bytes that went around");
    }
  }

 private:
  template <class Open>
  explicit FdWork(Open open) : pairs_(kPairs) {
    for (auto& pair : pairs_) check(open(pair.data()) == 0, "open");
  }
  void pass_to(std::size_t i) {
    const char byte = 1;
    check(::write(pairs_[i == kPairs ? 0 : i][1], &byte, 1) == 1, "write");
  }

  std::vector<std::array<int, 2>> pairs_;
  std::size_t left_ = 0;
  std::vector<std::size_t> received_, to_pass_;
};

// Changes of the watched events of a descriptor: a reader, a writer too,
// neither.
template <class Loop>
class Churn {
 public:
  static constexpr std::size_t kStages = 3;

  // Removes the handlers before the loop has polled.
  [[gnu::noinline]] void churn_within() {
    for (std::size_t i = 0; i < FdWork::kPairs; ++i) {
      fds_.add_reader(i);
      fds_.add_writer(i);
      fds_.remove_both(i);
    }
    loop_.run_posted();
  }
  [[gnu::noinline]] void churn_between() {
    for (std::size_t i = 0; i < FdWork::kPairs; ++i) fds_.add_reader(i);
    loop_.run_posted();
    for (std::size_t i = 0; i < FdWork::kPairs; ++i) fds_.add_writer(i);
    loop_.run_posted();
    for (std::size_t i = 0; i < FdWork::kPairs; ++i) fds_.remove_both(i);
    loop_.run_posted();
  }
  double round(bool within) {
    constexpr int kTimes = 10;
    auto work = [&] {
      for (int i = 0; i < kTimes; ++i) {
        within ? churn_within() : churn_between();
      }
    };
    return nanoseconds_of(work) / (kTimes * kStages * FdWork::kPairs);
  }

 private:
  Loop loop_;
  FdWork work_ = FdWork::pipes();
  typename Loop::Fds fds_{loop_, work_};
};

template <class Subject, class Raw>
void BM_churn(benchmark::State& state, bool within) {
  Churn<Subject> ours;
  Churn<Raw> raw;
  in_turns(
      state, [&] { return raw.round(within); },
      [&] { return ours.round(within); });
}

// Bytes that go around, each once or more often.
template <class Loop>
class Cascade {
 public:
  explicit Cascade(std::size_t bytes)
      : bytes_(bytes), laps_(bytes < 20 ? 20 : 1) {
    for (std::size_t i = 0; i < FdWork::kPairs; ++i) fds_.start_reading(i);
  }
  [[gnu::noinline]] void run_cascade() { loop_.run(); }
  double round() {
    work_.begin(bytes_, laps_);
    auto run = [this] { run_cascade(); };
    const double time = nanoseconds_of(run);
    work_.check_all_received(bytes_ * laps_);
    return time / static_cast<double>(FdWork::kPairs * bytes_ * laps_);
  }

 private:
  const std::size_t bytes_, laps_;
  Loop loop_;
  FdWork work_ = FdWork::sockets();
  typename Loop::Fds fds_{loop_, work_};
};

template <class Subject, class Raw>
void BM_cascade(benchmark::State& state, std::size_t bytes) {
  Cascade<Subject> ours(bytes);
  Cascade<Raw> raw(bytes);
  in_turns(
      state, [&] { return raw.round(); }, [&] { return ours.round(); });
}

// ---- Waking ----

// Two loops in two threads that post to each other. Half a round trip is the
// time of one wake-up; the result is the median. Each loop watches a
// descriptor, which is never ready. A loop without a descriptor need not use a
// selector; asio, for example, then waits for a condition variable.
template <class Loop>
class PingPong {
 public:
  static constexpr std::size_t kTrips = 5000;

  explicit PingPong(bool watching) {
    if (!watching) return;
    here_fds_.emplace(here_, here_work_).add_reader(0);
    there_fds_.emplace(there_, there_work_).add_reader(0);
  }
  double round() {
    times_.clear();
    std::thread other([this] { there_.run(); });
    here_.post([this] { serve(); });
    here_.run();
    other.join();
    check(times_.size() == kTrips, "round trips");
    return median(times_) / 2;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void serve() {
    began_ = Clock::now();
    there_.post_from_outside([this] { return_ball(); });
  }
  void return_ball() {
    here_.post_from_outside([this] { receive(); });
    if (++returned_ % kTrips == 0) there_.stop();
  }
  void receive() {
    const std::chrono::duration<double, std::nano> trip = Clock::now() - began_;
    times_.push_back(trip.count());
    if (times_.size() == kTrips) return here_.stop();
    serve();
  }

  Loop here_, there_;
  FdWork here_work_ = FdWork::pipes(), there_work_ = FdWork::pipes();
  std::optional<typename Loop::Fds> here_fds_, there_fds_;
  Clock::time_point began_;
  std::vector<double> times_;
  std::size_t returned_ = 0;
};

template <class Subject, class Raw>
void BM_ping_pong(benchmark::State& state, bool on_one_processor,
                  bool watching) {
  const OnOneProcessor processor(on_one_processor);
  PingPong<Subject> ours(watching);
  PingPong<Raw> raw(watching);
  in_turns(
      state, [&] { return raw.round(); }, [&] { return ours.round(); });
}

// Raises the limit of descriptors, because two subjects need many of them.
inline void raise_fd_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_LOOP_BENCH_H_

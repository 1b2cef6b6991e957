// The workloads of callbacks that are to run soon.

#ifndef TESTS_BENCHMARKS_LOOP_WORK_H_
#define TESTS_BENCHMARKS_LOOP_WORK_H_

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/benchmarks/workload.h"

namespace benchmarks {

// A loop has
//   void post(F)                  runs F, 32 bytes that can be copied, soon
//   void post_from_outside(F)     runs F soon; called from another thread
//   void run()                    runs until stop()
//   void turn()                   one iteration, which does not wait
//   void stop()

// ---- Parts of loops ----

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

// Nodes of a library's own structure and a task. A node is reused after its
// task has run.
template <class Watcher>
class TaskNodes {
 public:
  struct Node {
    Watcher watcher;  // First, so that watcher and node have one address.
    Task task;
    Node* next_free;
    void* owner;
  };

  // Returns a node for `task`. Calls `init(node)` for each new node.
  template <class Init>
  Node* get(const Task& task, Init init) {
    if (free_ == nullptr) {
      free_ = &nodes_.emplace_back(Node{{}, task, nullptr, this});
      init(*free_);
    }
    Node* const node = std::exchange(free_, free_->next_free);
    node->task = task;
    return node;
  }
  static void run(Watcher* watcher) {
    Node* const node = reinterpret_cast<Node*>(watcher);
    Task task = node->task;
    TaskNodes& nodes = *static_cast<TaskNodes*>(node->owner);
    node->next_free = std::exchange(nodes.free_, node);
    task();
  }

 private:
  std::deque<Node> nodes_;
  Node* free_ = nullptr;
};

// ---- Callbacks of the loop's own thread ----

// A closure of four words, three of which the work adds up.
template <class Work>
struct FourWords {
  Work* work;
  std::uint64_t left, second, third;
  void operator()() const { work->run(*this); }
};

// The number and the sum of the closures that ran, as proof of the whole work.
struct Ran {
  template <class Work>
  void add(const FourWords<Work>& closure) {
    ++count;
    sum += closure.left + closure.second + closure.third;
  }
  void check_all(std::uint64_t closures) const {
    check(count == closures, "number of closures");
    check(sum == closures * (closures - 1) / 2 + 5 * closures,
          "sum of the closures");
  }
  std::uint64_t count = 0, sum = 0;
};

// Callbacks each of which schedules the next.
template <class Loop>
class Chain {
 public:
  using Link = FourWords<Chain>;

  static void work(Run& run) {
    constexpr std::uint64_t kDepth = 20'000;
    Loop loop;
    run.repeat(kDepth, [&] {
      Chain chain(loop);
      loop.post(Link{&chain, kDepth - 1, 2, 3});
      loop.run();
      chain.ran_.check_all(kDepth);
    });
  }
  void run(const Link& link) {
    ran_.add(link);
    if (link.left == 0) return loop_.stop();
    loop_.post(Link{this, link.left - 1, link.second, link.third});
  }

 private:
  explicit Chain(Loop& loop) : loop_(loop) {}
  Loop& loop_;
  Ran ran_;
};

// Many callbacks that are scheduled at once. The round that warms up is the
// first burst, so that one measured round is the second.
template <class Loop>
class Burst {
 public:
  using One = FourWords<Burst>;

  static void work(Run& run, std::uint64_t size) {
    Loop loop;
    run.repeat(double(size), [&] {
      Burst burst;
      for (std::uint64_t i = 0; i < size; ++i) loop.post(One{&burst, i, 2, 3});
      loop.turn();
      burst.ran_.check_all(size);
    });
  }
  void run(const One& one) { ran_.add(one); }

 private:
  Ran ran_;
};

// ---- Posts from other threads ----

// Puts this thread, and the threads that it makes, on one processor. On two
// processors the cost of a post depends on how often a loop sleeps, and a
// slower loop sleeps less.
inline void use_one_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  check(::sched_setaffinity(0, sizeof(one), &one) == 0, "affinity");
}

// Threads that post as fast as possible, and wait after each batch of posts
// until all of them have run. Both sides of a post are measured.
template <class Loop>
class Posts {
 public:
  static void work(Run& run, std::size_t threads, std::uint64_t posts,
                   std::uint64_t batch) {
    use_one_processor();
    Loop loop;
    Posts(loop, threads, posts, batch).round([](auto& part) { part(); });
    for (std::size_t i = 0; i < run.rounds(); ++i) {
      run.measure_threads(double(posts), [&] {
        Posts(loop, threads, posts, batch).round([](auto& part) {
          measured(part);
        });
      });
    }
  }

 private:
  Posts(Loop& loop, std::size_t threads, std::uint64_t posts,
        std::uint64_t batch)
      : loop_(loop), threads_(threads), posts_(posts), batch_(batch) {}

  // Calls measure(part) for the part of each thread.
  template <class Measure>
  void round(Measure measure) {
    std::vector<std::thread> posters;
    auto run = [this] { loop_.run(); };
    for (std::size_t i = 0; i < threads_; ++i) {
      posters.emplace_back([=, this] {
        auto post = [this, i] { post_all(i); };
        measure(post);
      });
    }
    measure(run);
    for (std::thread& each : posters) each.join();
    check(sum_ == posts_ * (posts_ - 1) / 2, "sum of the posts");
  }
  // Posts each number that leaves `remainder` when divided by the threads.
  void post_all(std::size_t remainder) {
    for (std::uint64_t i = remainder; i < posts_; i += threads_) {
      const std::uint64_t batch = i / batch_;
      for (auto done = batches_done_.load(); done < batch;
           done = batches_done_.load()) {
        batches_done_.wait(done);
      }
      loop_.post_from_outside([this, i] { run_post(i); });
    }
  }
  void run_post(std::uint64_t i) {
    sum_ += i;
    if (++done_ % batch_ == 0) {
      ++batches_done_;
      batches_done_.notify_all();
    }
    if (done_ == posts_) loop_.stop();
  }

  Loop& loop_;
  const std::size_t threads_;
  const std::uint64_t posts_, batch_;
  std::uint64_t sum_ = 0, done_ = 0;
  std::atomic<std::uint64_t> batches_done_ = 0;
};

template <class Loop>
void add_soon(Program& program) {
  program.add("chain", Chain<Loop>::work);
  for (const std::size_t size : {10, 1000, 50'000, 100'000, 1'000'000}) {
    program.add("burst/" + std::to_string(size),
                [=](Run& run) { Burst<Loop>::work(run, size); });
  }
}

template <class Loop>
void add_posts(Program& program) {
  for (const std::size_t threads : {1, 4}) {
    program.add("post/" + std::to_string(threads), [=](Run& run) {
      Posts<Loop>::work(run, threads, 20'000, 1000);
    });
  }
  for (const std::uint64_t batch : {10, 1000, 100'000, 1'000'000}) {
    program.add("post_batch/" + std::to_string(batch), [=](Run& run) {
      Posts<Loop>::work(run, 1, std::max<std::uint64_t>(1000, batch), batch);
    });
  }
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_LOOP_WORK_H_

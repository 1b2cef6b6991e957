// The tightest coroutines by hand, for one type of result and nothing else: no
// cancelling, no exceptions, no names, no threads.

#ifndef TESTS_BENCHMARKS_RAW_COROUTINES_H_
#define TESTS_BENCHMARKS_RAW_COROUTINES_H_

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "tests/benchmarks/coroutine_work.h"

namespace benchmarks {

// A pool of frames of one size.
class FramePool {
 public:
  static void* take(std::size_t size) {
    if (free_ == nullptr || size > kSize) {
      return ::operator new(std::max(size, kSize));
    }
    return std::exchange(free_, *static_cast<void**>(free_));
  }
  static void give(void* frame, std::size_t size) {
    if (size > kSize) return ::operator delete(frame);
    *static_cast<void**>(frame) = std::exchange(free_, frame);
  }

 private:
  static constexpr std::size_t kSize = 256;
  static inline void* free_ = nullptr;
};

// The coroutines to resume next.
class Ring {
 public:
  void push(std::coroutine_handle<> handle) {
    places_[end_++ % kSize] = handle;
  }
  bool empty() const { return begin_ == end_; }
  std::coroutine_handle<> pop() { return places_[begin_++ % kSize]; }

 private:
  static constexpr std::size_t kSize = 1024;
  std::coroutine_handle<> places_[kSize];
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class RawCoroutines {
 public:
  class Coroutine;
  using Handle = std::coroutine_handle<>;

  static inline Ring ring;

  using Clock = std::chrono::steady_clock;
  struct Timer {
    Clock::time_point when;
    Handle handle;
    bool operator<(const Timer& other) const { return when > other.when; }
  };
  static inline std::vector<Timer> timers_due;

  void run(Coroutine coroutine, int n);

  static Coroutine child(int i);
  static Coroutine children(int n);
  static Coroutine ready(int n);
  static Coroutine turns(int n);
  static Coroutine spawns(int n);
  static Coroutine timers(int n);
  static Coroutine hand_over(int n);
  static double sleeping_bytes(std::size_t tasks);

 private:
  struct Sleep;
  static Coroutine sleep_once(std::chrono::nanoseconds time);
};

class RawCoroutines::Coroutine {
 public:
  struct promise_type {
    static void* operator new(std::size_t size) {
      return FramePool::take(size);
    }
    static void operator delete(void* frame, std::size_t size) {
      FramePool::give(frame, size);
    }
    Coroutine get_return_object() { return Coroutine(*this); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        if (self.promise().joined) ring.push(self.promise().joined);
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(long value) { result = value; }
    void unhandled_exception() { std::terminate(); }

    long result = 0;
    Handle joined = nullptr;
  };

  Coroutine(Coroutine&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)) {}
  Coroutine& operator=(Coroutine&&) = delete;
  ~Coroutine() {
    if (handle_) handle_.destroy();
  }

  // An awaiter for children that do not stop.
  bool await_ready() { return false; }
  bool await_suspend(Handle) {
    handle_.resume();
    return false;
  }
  long await_resume() { return handle_.promise().result; }

  std::coroutine_handle<promise_type> handle() const { return handle_; }

 private:
  explicit Coroutine(promise_type& promise)
      : handle_(std::coroutine_handle<promise_type>::from_promise(promise)) {}
  std::coroutine_handle<promise_type> handle_;
};

inline void RawCoroutines::run(Coroutine coroutine, int n) {
  ring.push(coroutine.handle());
  while (!coroutine.handle().done()) {
    while (!ring.empty()) ring.pop().resume();
    while (!timers_due.empty() && timers_due.front().when <= Clock::now()) {
      std::pop_heap(timers_due.begin(), timers_due.end());
      const Handle due = timers_due.back().handle;
      timers_due.pop_back();
      due.resume();
    }
  }
  check_sum(coroutine.handle().promise().result, n);
}

[[gnu::noinline]] inline RawCoroutines::Coroutine RawCoroutines::child(int i) {
  co_return i;
}

inline RawCoroutines::Coroutine RawCoroutines::children(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await child(i);
  co_return sum;
}

inline RawCoroutines::Coroutine RawCoroutines::ready(int n) {
  struct Ready {
    explicit Ready(const int& value) : result(value) {}
    bool await_ready() { return true; }
    void await_suspend(Handle) {}
    int await_resume() { return result; }
    const int& result;
  };
  long sum = 0;
  const int value = 0;
  for (int i = 0; i < n; ++i) {
    const int result = co_await Ready(value);
    keep(result);
    sum += i + result;
  }
  co_return sum;
}

inline RawCoroutines::Coroutine RawCoroutines::turns(int n) {
  struct Post {
    Post() {}
    bool await_ready() { return false; }
    void await_suspend(Handle self) { ring.push(self); }
    void await_resume() {}
  };
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    co_await Post();
    sum += i;
  }
  co_return sum;
}

inline RawCoroutines::Coroutine RawCoroutines::spawns(int n) {
  struct Join {
    explicit Join(Coroutine task) : joined(std::move(task)) {}
    bool await_ready() { return false; }
    void await_suspend(Handle self) {
      joined.handle().promise().joined = self;
      ring.push(joined.handle());
    }
    long await_resume() { return joined.await_resume(); }
    Coroutine joined;
  };
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await Join(child(i));
  co_return sum;
}

struct RawCoroutines::Sleep {
  explicit Sleep(std::chrono::nanoseconds t) : time(t) {}
  bool await_ready() { return false; }
  void await_suspend(Handle self) {
    timers_due.push_back({Clock::now() + time, self});
    std::push_heap(timers_due.begin(), timers_due.end());
  }
  void await_resume() {}
  std::chrono::nanoseconds time;
};

inline RawCoroutines::Coroutine RawCoroutines::sleep_once(
    std::chrono::nanoseconds time) {
  co_await Sleep(time);
  co_return 0;
}

inline double RawCoroutines::sleeping_bytes(std::size_t tasks) {
  const double before = allocated_bytes();
  std::vector<Coroutine> sleeping;
  sleeping.reserve(tasks);
  for (std::size_t i = 0; i < tasks; ++i) {
    sleeping.push_back(sleep_once(std::chrono::hours(1)));
    sleeping.back().handle().resume();
  }
  return (allocated_bytes() - before) / double(tasks);
}

inline RawCoroutines::Coroutine RawCoroutines::timers(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    co_await Sleep(std::chrono::nanoseconds(1));
    sum += i;
  }
  co_return sum;
}

// A queue with room for one item, and the waiters on both sides.
inline RawCoroutines::Coroutine RawCoroutines::hand_over(int n) {
  struct Place {
    int value = -1;
    Handle giver = nullptr;
    Handle taker = nullptr;
  };
  struct Give {
    Give(Place& p, int v) : place(p), value(v) {}
    bool await_ready() { return place.value < 0; }
    void await_suspend(Handle self) { place.giver = self; }
    void await_resume() {
      place.value = value;
      if (place.taker) ring.push(std::exchange(place.taker, nullptr));
    }
    Place& place;
    int value;
  };
  struct Take {
    explicit Take(Place& p) : place(p) {}
    bool await_ready() { return place.value >= 0; }
    void await_suspend(Handle self) { place.taker = self; }
    int await_resume() {
      if (place.giver) ring.push(std::exchange(place.giver, nullptr));
      return std::exchange(place.value, -1);
    }
    Place& place;
  };
  Place place;
  const auto give_all = [](Place& to, int count) -> Coroutine {
    for (int i = 0; i < count; ++i) co_await Give(to, i);
    co_return 0;
  };
  const Coroutine giver = give_all(place, n);
  ring.push(giver.handle());
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await Take(place);
  co_return sum;
}

}  // namespace benchmarks

#endif  // TESTS_BENCHMARKS_RAW_COROUTINES_H_

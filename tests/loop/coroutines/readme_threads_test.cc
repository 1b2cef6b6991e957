// The programs of the chapter "Threads" of loop/README.md.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/futures/concurrent_future.h"
#include "loop/futures/errors.h"
#include "loop/futures/to_thread.h"
#include "loop/runners/runner.h"
#include "loop/tasks/run_coroutine_threadsafe.h"
#include "loop/tasks/sleep.h"
#include "tests/support/readme.h"

namespace {

using namespace std::chrono_literals;

// Calls back in a thread of its own.
class Library {
 public:
  ~Library() { thread_.join(); }
  void ask(std::function<void(int)> answer) {
    thread_ = std::thread([answer = std::move(answer)] { answer(42); });
  }

 private:
  std::thread thread_;
};

loop::Coroutine<int> add(int a, int b) { co_return a + b; }

loop::Coroutine<int> add_slowly(int a, int b) {
  co_await loop::sleep(1h);
  co_return a + b;
}

int count_words_of(const std::string& path) { return path.empty() ? 0 : 7; }

// ---- As in the README ----

loop::Coroutine<int> ask_library(Library& library) {
  const loop::ConcurrentFuture<int> answer;
  library.ask([answer](int number) { answer.set_result(number); });
  co_return co_await answer;
}

loop::Coroutine<int> add_there(loop::EventLoop& other) {
  const int sum = co_await loop::run_coroutine_threadsafe(add(1, 2), other);
  co_return sum;
}

int add_within(std::chrono::milliseconds limit, loop::EventLoop& other) {
  const auto answer = loop::run_coroutine_threadsafe(add_slowly(1, 2), other);
  try {
    return answer.result(limit);
  } catch (const loop::TimeoutError&) {
    answer.cancel();
    return 0;
  }
}

loop::Coroutine<int> count_words(std::string path) {
  const auto count = [path] { return count_words_of(path); };
  co_return co_await loop::to_thread(count);
}

// ---- What they do ----

// A loop that runs in a thread of its own.
class LoopInAThread {
 public:
  ~LoopInAThread() {
    loop_.call_soon_threadsafe([this] { loop_.stop(); });
    thread_.join();
  }
  loop::EventLoop& loop() { return loop_; }

 private:
  loop::EventLoop loop_;
  std::thread thread_{[this] { loop_.run_forever(); }};
};

TEST(ReadmeThreadsTest, Library) {
  Library library;
  EXPECT_EQ(loop::run(ask_library(library)), 42);
}

TEST(ReadmeThreadsTest, TwoLoops) {
  LoopInAThread other;
  EXPECT_EQ(loop::run(add_there(other.loop())), 3);
}

TEST(ReadmeThreadsTest, Cancelling) {
  LoopInAThread other;
  EXPECT_EQ(add_within(1ms, other.loop()), 0);
}

TEST(ReadmeThreadsTest, Executor) {
  EXPECT_EQ(loop::run(count_words("path")), 7);
}

// ---- That they are the same ----

TEST(ReadmeThreadsTest, ShowsWhatIsTestedHere) {
  const std::string source =
      tests::text_of("tests/loop/coroutines/readme_threads_test.cc");
  const auto programs = tests::programs_of("loop/README.md", "Threads");
  for (const std::string& program : programs) {
    EXPECT_NE(source.find(program), source.npos) << program;
  }
  EXPECT_EQ(programs.size(), 4u);
}

}  // namespace

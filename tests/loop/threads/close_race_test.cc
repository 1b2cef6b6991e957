// Threads that post while the loop closes, and when it is no more.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::RuntimeError;

// Keeps the thread that writes a wake-up from doing so until `closed`, or for
// as long as it takes to close a loop many times.
struct SlowWriter : selectors::kernel::Interceptor {
  std::optional<selectors::kernel::Word> enter(
      const selectors::kernel::Call& call) override {
    if (std::string_view(call.syscall.name) != "write") return std::nullopt;
    if (call.args[2] != 8) return std::nullopt;
    entered = true;
    for (int i = 0; i < 2000 && !closed; ++i) std::this_thread::yield();
    return std::nullopt;
  }
  void leave(const selectors::kernel::Call&) override {}
  std::atomic<bool> entered = false;
  std::atomic<bool> closed = false;
};

class CloseRaceTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, CloseRaceTest, tests::all_selectors(),
                         tests::name_of);

// The poster may still be inside of its call when the loop has run what it
// posted, and is destroyed.
TEST_P(CloseRaceTest, R81_DestroyedWhileThePosterIsStillInside) {
  constexpr int kLoops = kSlow ? 200 : 500;
  std::atomic<EventLoop*> present = nullptr;
  std::atomic<bool> done = false;
  const Joined poster([&] {
    while (!done) {
      EventLoop* const loop = present.exchange(nullptr);
      if (loop != nullptr) {
        loop->call_soon_threadsafe([loop] { loop->stop(); });
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (int i = 0; i < kLoops; ++i) {
    EventLoop loop(make_selector());
    present = &loop;
    loop.run_forever();
  }
  done = true;
}

// Either it is taken, and then run or destroyed, or the poster is told.
TEST_P(CloseRaceTest, R82_ClosedWhileThreadsPost) {
  for (int i = 0; i < 20; ++i) {
    EventLoop loop(make_selector());
    const auto alive = std::make_shared<int>();
    std::atomic<int> posting = 0;
    std::atomic<int> posted = 0;
    int ran = 0;
    std::vector<std::unique_ptr<Joined>> threads;
    for (int t = 0; t < 2; ++t) {
      threads.push_back(std::make_unique<Joined>([&, alive] {
        ++posting;
        try {
          for (;;) {
            loop.call_soon_threadsafe([&ran, alive] { ++ran; });
            ++posted;
            std::this_thread::yield();  // Or the loop never gets the lock.
          }
        } catch (const RuntimeError&) {
        }
      }));
    }
    while (posting < 2) std::this_thread::yield();
    for (int turn = 0; turn < i; ++turn) loop.run_once(1us);
    loop.close();
    threads.clear();
    EXPECT_LE(ran, posted);
    EXPECT_EQ(alive.use_count(), 1);
  }
}

// The number may be another file's by then.
TEST_P(CloseRaceTest, R82_NothingIsWrittenAfterwards) {
  const tests::Pipe pipe;
  const std::set<int> before = tests::open_fds();
  EventLoop loop(make_selector());
  std::set<int> own = tests::open_fds();
  for (const int fd : before) own.erase(fd);
  SlowWriter writer;
  std::unique_ptr<Joined> poster;
  const BeforeWait post([&] {
    poster =
        std::make_unique<Joined>([&] { loop.call_soon_threadsafe([] {}); });
    while (!writer.entered) std::this_thread::yield();
  });
  loop.run_once(1us);
  loop.close();
  // Whatever they were, they are the writing end of a pipe now.
  std::vector<tests::File> ends;
  for (const int fd : own) ends.push_back(tests::dup_to(pipe.writer, fd));
  writer.closed = true;
  poster.reset();
  EXPECT_EQ(pipe.reader.read(), "");
}

}  // namespace
}  // namespace loop

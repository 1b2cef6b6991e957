// A thread that never stops posting leaves the others their turn.

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class FairnessTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, FairnessTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(FairnessTest, APostThatPostsItselfStarvesNobody) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  pipe.writer.write("x");
  int posts = 0, reads = 0, ticks = 0;
  std::function<void()> post = [&] {
    ++posts;
    loop.call_soon_threadsafe([&] { post(); });
  };
  post();
  loop.add_reader(pipe.reader, [&] { ++reads; });
  loop.call_later(0s, [&] { ++ticks; });
  for (int i = 0; i < 2; ++i) run_woken(loop);
  EXPECT_EQ(posts, 3);
  EXPECT_GE(reads, 1);
  EXPECT_EQ(ticks, 1);
}

TEST_P(FairnessTest, AThreadThatPostsOnAndOnStarvesNobody) {
  EventLoop loop(make_selector());
  const tests::Pipe pipe;
  pipe.writer.write("x");
  int reads = 0;
  std::atomic<bool> done = false;
  std::atomic<int> posts = 0;
  Joined poster([&] {
    // As long as the loop keeps up: memory has an end.
    for (int sent = 0; !done;) {
      if (sent - posts > 1000) {
        std::this_thread::yield();
        continue;
      }
      loop.call_soon_threadsafe([&] { ++posts; });
      ++sent;
    }
  });
  EXPECT_TRUE(run_until(loop, [&] { return posts > 0; }));
  loop.add_reader(pipe.reader, [&] { ++reads; });
  for (int i = 1; i <= 50; ++i) {
    run_woken(loop);
    EXPECT_EQ(reads, i);
  }
  done = true;
}

}  // namespace
}  // namespace loop

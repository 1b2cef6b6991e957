// What one thread asks of another one's loop: order, cancelling, the end.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "selectors/errors.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::RuntimeError;

class PostsTest : public tests::NoLeak {};

TEST_F(PostsTest, FirstInFirstOut) {
  EventLoop loop;
  std::vector<int> ran;
  in_thread([&] {
    for (int i = 0; i < 100; ++i) {
      loop.call_soon_threadsafe([&ran, i] { ran.push_back(i); });
    }
  });
  loop.run_once(0s);
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[i], i);
}

// What happened before, as the threads see it, runs before.
TEST_F(PostsTest, OneOrderForAllThreads) {
  EventLoop loop;
  std::vector<int> ran;
  const auto note = [&ran](int i) { return [&ran, i] { ran.push_back(i); }; };
  loop.call_soon(note(0));
  in_thread([&] { loop.call_soon_threadsafe(note(1)); });
  loop.call_soon(note(2));
  loop.call_soon_threadsafe(note(3));
  in_thread([&] { loop.call_soon_threadsafe(note(4)); });
  in_thread([&] { loop.call_soon_threadsafe(note(5)); });
  loop.call_soon(note(6));
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
}

TEST_F(PostsTest, WhatACallbackPostsRunsInTheNextIteration) {
  EventLoop loop;
  std::vector<int> ran;
  loop.call_soon([&] {
    loop.call_soon_threadsafe([&] { ran.push_back(1); });
    loop.call_soon([&] { ran.push_back(2); });
    ran.push_back(0);
  });
  loop.run_once(0s);
  EXPECT_EQ(ran, std::vector<int>{0});
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
}

// Each thread's own posts stay in their order, and none is lost.
TEST_F(PostsTest, OrderOfEachOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 500;
  EventLoop loop;
  std::vector<int> next(kThreads);
  int ran = 0;
  std::vector<std::unique_ptr<Joined>> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.push_back(std::make_unique<Joined>([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop.call_soon_threadsafe([&, t, i] {
          EXPECT_EQ(next[t]++, i);
          ++ran;
        });
      }
    }));
  }
  EXPECT_TRUE(run_until(loop, [&] { return ran == kThreads * kPosts; }));
}

TEST_F(PostsTest, CancelledBeforeTheLoopHasSeenIt) {
  EventLoop loop;
  std::vector<int> ran;
  std::vector<Handle> handles;
  const auto alive = std::make_shared<int>();
  in_thread([&] {
    for (int i = 0; i < 3; ++i) {
      handles.push_back(
          loop.call_soon_threadsafe([&ran, i, alive] { ran.push_back(i); }));
    }
  });
  handles[1].cancel();
  EXPECT_TRUE(handles[1].cancelled());
  EXPECT_FALSE(handles[0].cancelled());
  EXPECT_EQ(alive.use_count(), 3);  // It is destroyed at once.
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 2}));
}

TEST_F(PostsTest, CancelledAfterTheLoopHasSeenIt) {
  EventLoop loop;
  std::vector<int> ran;
  std::vector<Handle> handles;
  loop.call_soon([&] { handles[1].cancel(); });  // Of the same batch.
  in_thread([&] {
    for (int i = 0; i < 3; ++i) {
      handles.push_back(
          loop.call_soon_threadsafe([&ran, i] { ran.push_back(i); }));
    }
  });
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 2}));
  for (Handle& handle : handles) handle.cancel();  // Of what has run.
  loop.call_soon([&] { ran.push_back(3); });
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 2, 3}));
}

// Numbers of posts and places in the queue drift apart, and must not be mixed.
TEST_F(PostsTest, CancelledAmongOthersInManyBatches) {
  EventLoop loop;
  std::vector<int> ran;
  std::vector<Handle> posts;
  for (int batch = 0; batch < 5; ++batch) {
    in_thread([&] {
      for (int i = 0; i < 2; ++i) {
        const int number = 10 * batch + i;
        posts.push_back(loop.call_soon_threadsafe(
            [&ran, number] { ran.push_back(number); }));
      }
    });
    loop.call_soon([] {});
    loop.call_soon([] {});
  }
  posts[3].cancel();  // 11
  posts[4].cancel();  // 20
  posts[4].cancel();
  loop.run_once(0s);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 10, 21, 30, 31, 40, 41}));
}

// gh-128340: the handle of a post is for any thread.
TEST_F(PostsTest, CancelledByAnotherThread) {
  EventLoop loop;
  int ran = 0;
  const auto alive = std::make_shared<int>();
  std::vector<Handle> handles;
  loop.call_soon([&] {
    in_thread([&] { handles[1].cancel(); });
    EXPECT_TRUE(handles[1].cancelled());
    EXPECT_EQ(alive.use_count(), 4);  // It dies in the loop's thread, later.
  });
  for (int i = 0; i < 3; ++i) {
    handles.push_back(loop.call_soon_threadsafe([&, alive] { ++ran; }));
  }
  handles.push_back(loop.call_soon_threadsafe([&] {
    in_thread([&] { handles[3].cancel(); });  // It has begun.
    EXPECT_EQ(alive.use_count(), 1);
    ran += 10;
  }));
  loop.run_once(0s);
  EXPECT_EQ(ran, 12);
}

// A loop that does not run may begin to at any time.
TEST_F(PostsTest, CancelledByAnotherThreadWhileItDoesNotRun) {
  EventLoop loop;
  const auto alive = std::make_shared<int>();
  Handle taken = loop.call_soon_threadsafe([alive] { FAIL(); });
  loop.call_soon([] {});
  Handle posted = loop.call_soon_threadsafe([alive] { FAIL(); });
  in_thread([&] {
    taken.cancel();
    posted.cancel();
  });
  EXPECT_EQ(alive.use_count(), 2);
  loop.run_once(0s);
  EXPECT_EQ(alive.use_count(), 1);
}

// Each runs once or never, and is destroyed once.
TEST_F(PostsTest, CancellingAndRunningRace) {
  constexpr std::size_t kPosts = kSlow ? 500 : 5'000;
  EventLoop loop;
  std::vector<int> ran(kPosts);
  const auto alive = std::make_shared<int>();
  {
    const Joined other([&] {
      for (std::size_t i = 0; i < kPosts; ++i) {
        Handle handle =
            loop.call_soon_threadsafe([&ran, i, alive] { ++ran[i]; });
        if (i % 3 == 0) std::this_thread::yield();
        handle.cancel();
      }
      loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    loop.run_forever();
  }
  for (const int times : ran) EXPECT_LE(times, 1);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(PostsTest, CancellingAndClosingRace) {
  for (int i = 0; i < 50; ++i) {
    const auto alive = std::make_shared<int>();
    Handle handle;
    std::atomic<bool> posted = false;
    EventLoop loop;
    const Joined other([&] {
      handle = loop.call_soon_threadsafe([alive] {});
      posted = true;
      handle.cancel();
    });
    while (!posted) std::this_thread::yield();
    loop.close();
    EXPECT_LE(alive.use_count(), 2);
  }
}

// 200,000 turns of posting and scheduling: with a copy of what is there for
// each they would take ten thousand million steps.
TEST_F(PostsTest, PostsAndCallSoonInTurns) {
  constexpr int kTurns = kSlow ? 20'000 : 200'000;
  EventLoop loop;
  int ran = 0;
  for (int i = 0; i < kTurns; ++i) {
    loop.call_soon_threadsafe([&ran, i] { EXPECT_EQ(ran++, 2 * i); });
    loop.call_soon([&ran, i] { EXPECT_EQ(ran++, 2 * i + 1); });
  }
  loop.run_once(0s);
  EXPECT_EQ(ran, 2 * kTurns);
}

TEST_F(PostsTest, R82_AfterCloseItThrows) {
  EventLoop loop;
  Handle handle = loop.call_soon_threadsafe([] {});
  loop.close();
  EXPECT_THROW(loop.call_soon_threadsafe([] {}), RuntimeError);
  in_thread(
      [&] { EXPECT_THROW(loop.call_soon_threadsafe([] {}), RuntimeError); });
  handle.cancel();
}

// The next loop may get the mailbox; what is meant for this one it must not.
TEST_F(PostsTest, AHandleOfAClosedLoopCancelsNothingOfTheNext) {
  Handle posted, soon;
  {
    EventLoop loop;
    posted = loop.call_soon_threadsafe([] {});
    soon = loop.call_soon([] {});
  }
  EventLoop next;
  int ran = 0;
  next.call_soon_threadsafe([&] { ++ran; });
  next.call_soon([&] { ++ran; });
  posted.cancel();
  soon.cancel();
  next.run_once(0s);
  EXPECT_EQ(ran, 2);
}

TEST_F(PostsTest, WhatDidNotRunIsDestroyedAtClose) {
  EventLoop loop;
  const auto alive = std::make_shared<int>();
  in_thread([&] { loop.call_soon_threadsafe([alive] { FAIL(); }); });
  loop.call_soon([] {});  // So that the first has been seen,
  in_thread([&] { loop.call_soon_threadsafe([alive] { FAIL(); }); });
  EXPECT_EQ(alive.use_count(), 3);
  loop.close();
  EXPECT_EQ(alive.use_count(), 1);
}

// The destructor of one that did not run may try to post. It is told that this
// is too late, or what it posted is destroyed, too.
TEST_F(PostsTest, WhatIsPostedWhileItClosesNeverRuns) {
  EventLoop loop;
  const auto alive = std::make_shared<int>();
  const auto posts_at_death = [&loop, alive] {
    return std::shared_ptr<void>(nullptr, [&loop, alive](void*) {
      try {
        loop.call_soon_threadsafe([alive] { FAIL(); });
      } catch (const RuntimeError&) {
      }
    });
  };
  loop.call_soon([dying = posts_at_death()] {});
  loop.call_soon_threadsafe([dying = posts_at_death()] {});
  loop.close();
  EXPECT_EQ(alive.use_count(), 2);  // The other is posts_at_death.
}

TEST_F(PostsTest, IsRunningFromAnotherThread) {
  EventLoop loop;
  EXPECT_FALSE(loop.is_running());
  loop.call_soon([&] {
    in_thread([&] {
      EXPECT_TRUE(loop.is_running());
      EXPECT_THROW(get_running_loop(), RuntimeError);
    });
  });
  loop.run_once(0s);
  in_thread([&] { EXPECT_FALSE(loop.is_running()); });
}

TEST_F(PostsTest, StoppedByAnotherThread) {
  EventLoop loop;
  const Joined other([&] { loop.call_soon_threadsafe([&] { loop.stop(); }); });
  loop.run_forever();
}

// For a thread that does not know whether the loop is still there.
TEST(LoopReferenceTest, PostsAsLongAsThereIsALoop) {
  auto loop = std::make_unique<EventLoop>();
  const LoopReference reference = loop->reference();
  bool ran = false;
  std::thread([&] {
    reference.call_soon_threadsafe([&] { ran = true; });
  }).join();
  loop->run_once();
  EXPECT_TRUE(ran);
  loop.reset();
  EXPECT_EQ(reference.get(), nullptr);
  EXPECT_THROW(reference.call_soon_threadsafe([] {}), selectors::RuntimeError);
  const EventLoop another;  // In the same mailbox.
  EXPECT_THROW(reference.call_soon_threadsafe([] {}), selectors::RuntimeError);
  EXPECT_THROW(LoopReference().call_soon_threadsafe([] {}),
               selectors::RuntimeError);
}

}  // namespace
}  // namespace loop

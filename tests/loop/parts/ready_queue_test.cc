// The queue of what runs next: batches, positions, cancelling.

#include "loop/callbacks/ready_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/source_location.h"
#include "tests/support/allocations.h"

namespace loop {
namespace {

class ReadyQueueTest : public ::testing::Test {
 protected:
  ReadyQueue::Position push(Callback callback) {
    return queue_.push(std::move(callback), SourceLocation());
  }
  ReadyQueue::Position push(int number) {
    return push([this, number] { ran_.push_back(number); });
  }

  // Runs a batch, and says what has run.
  std::vector<int> run() {
    ran_.clear();
    queue_.run_batch([](Scheduled& next) { next.callback.call_once(); });
    return std::exchange(ran_, {});
  }

  using Numbers = std::vector<int>;
  ReadyQueue queue_;
  Numbers ran_;
};

TEST_F(ReadyQueueTest, FirstInFirstOut) {
  EXPECT_TRUE(queue_.empty());
  for (const int i : {1, 2, 3}) push(i);
  EXPECT_FALSE(queue_.empty());
  EXPECT_EQ(run(), (Numbers{1, 2, 3}));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(run(), Numbers());
}

TEST_F(ReadyQueueTest, WhatComesMeanwhileIsTheNextBatch) {
  push([this] {
    ran_.push_back(1);
    push(3);
  });
  push(2);
  EXPECT_EQ(run(), (Numbers{1, 2}));
  EXPECT_EQ(run(), (Numbers{3}));
}

TEST_F(ReadyQueueTest, PositionsGrowForEver) {
  EXPECT_EQ(queue_.end(), 0u);
  EXPECT_EQ(push(1), 0u);
  EXPECT_EQ(push(2), 1u);
  run();
  const auto third = queue_.end();
  EXPECT_GE(third, 2u);
  push([&] {
    EXPECT_EQ(push(4), third + 2);
    EXPECT_EQ(queue_.end(), third + 3);
  });
  EXPECT_EQ(push(3), third + 1);
  run();
  EXPECT_EQ(run(), (Numbers{4}));
  EXPECT_GE(push(5), third + 3);
}

TEST_F(ReadyQueueTest, CancelsWhatWaits) {
  const auto alive = std::make_shared<int>();
  push(1);
  const auto position = push([alive] { FAIL(); });
  push(3);
  queue_.cancel(position);
  EXPECT_EQ(alive.use_count(), 1);
  queue_.cancel(position);
  EXPECT_EQ(run(), (Numbers{1, 3}));
}

TEST_F(ReadyQueueTest, CancelsWhatIsInTheBatch) {
  ReadyQueue::Position later = 0, last = 0;
  push([&] {
    queue_.cancel(later);
    queue_.cancel(last);
  });
  later = push(2);
  push(3);
  last = push(4);
  EXPECT_EQ(run(), (Numbers{3}));
}

// In several chunks, some of which have run.
TEST_F(ReadyQueueTest, ForEachInTheMiddleOfABatch) {
  int destroyed = 0;
  for (int i = 0; i < 200; ++i) push(i);
  push([&] {
    queue_.for_each([&](Scheduled& scheduled) {
      scheduled.callback.reset();
      ++destroyed;
    });
  });
  for (int i = 0; i < 200; ++i) push(-1);
  EXPECT_EQ(run().size(), 200u);
  EXPECT_EQ(destroyed, 200);
  push(1);
  EXPECT_EQ(run(), (Numbers{1}));
}

TEST_F(ReadyQueueTest, CancellingWhatRunsOrHasRunDoesNothing) {
  ReadyQueue::Position self = 0, next = 0;
  const auto alive = std::make_shared<int>();
  const auto first = push(1);
  self = push([&, alive] {
    queue_.cancel(first);
    queue_.cancel(self);
    EXPECT_EQ(alive.use_count(), 2);
    next = push(3);
    ran_.push_back(2);
  });
  EXPECT_EQ(run(), (Numbers{1, 2}));
  queue_.cancel(first);
  queue_.cancel(self);
  EXPECT_EQ(run(), (Numbers{3}));
  queue_.cancel(next);
}

TEST_F(ReadyQueueTest, CancellingWhatNeverWasDoesNothing) {
  push(1);
  queue_.cancel(1);
  queue_.cancel(UINT64_MAX);
  EXPECT_EQ(run(), (Numbers{1}));
  queue_.cancel(0);
}

TEST_F(ReadyQueueTest, ABatchOfCancelledOnesIsEmpty) {
  for (int i = 0; i < 3; ++i) queue_.cancel(push(i));
  EXPECT_FALSE(queue_.empty());  // It does not look.
  EXPECT_EQ(run(), Numbers());
  push(4);
  EXPECT_EQ(run(), (Numbers{4}));
}

// A destructor may do anything, even cancel the same one again, and push so
// much that the array moves.
TEST_F(ReadyQueueTest, WhatDiesMayCancelAndPush) {
  ReadyQueue::Position self = 0, other = 0;
  std::shared_ptr<void> at_death(nullptr, [&](void*) {
    queue_.cancel(self);
    queue_.cancel(other);
    for (int i = 0; i < 100; ++i) push(i);
  });
  self = push([at_death = std::move(at_death)] { FAIL(); });
  other = push([] { FAIL(); });
  queue_.cancel(self);
  EXPECT_EQ(run().size(), 100u);
}

TEST_F(ReadyQueueTest, WhatDiesInTheBatchMayCancelAndPush) {
  ReadyQueue::Position self = 0, other = 0;
  std::shared_ptr<void> at_death(nullptr, [&](void*) {
    queue_.cancel(self);
    queue_.cancel(other);
    for (int i = 0; i < 100; ++i) push(i);
  });
  push([&] { queue_.cancel(self); });
  self = push([at_death = std::move(at_death)] { FAIL(); });
  other = push([] { FAIL(); });
  EXPECT_EQ(run(), Numbers());
  EXPECT_EQ(run().size(), 100u);
}

// The one that runs must not move while it pushes others.
TEST_F(ReadyQueueTest, WhatRunsStaysWhereItIs) {
  push([this, text = std::string("in the closure itself")] {
    const char* const before = text.data();
    for (int i = 0; i < 1000; ++i) push(i);
    EXPECT_EQ(text.data(), before);
    EXPECT_EQ(text, "in the closure itself");
  });
  run();
  EXPECT_EQ(run().size(), 1000u);
}

TEST_F(ReadyQueueTest, KnowsWhereEachWasScheduled) {
  const auto here = SourceLocation::current();
  queue_.push([] {}, here);
  queue_.run_batch([&](Scheduled& next) {
    EXPECT_EQ(next.where.repr(), here.repr());
    next.callback.call_once();
  });
}

TEST_F(ReadyQueueTest, NothingIsAllocatedOnceWarm) {
  ReadyQueue queue;
  const auto round = [&queue] {
    for (int i = 0; i < 100; ++i) queue.push([] {}, SourceLocation());
    queue.run_batch([](Scheduled& next) { next.callback.call_once(); });
  };
  round();
  const auto before = tests::allocations();
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(tests::allocations(), before);
}

// Chunks that have run are used again, so that a second burst needs no memory.
TEST_F(ReadyQueueTest, ASecondBurstAllocatesNothing) {
  const auto burst = [this] {
    for (int i = 0; i < 50'000; ++i) queue_.push([] {}, SourceLocation());
    run();
  };
  burst();
  const auto before = tests::allocations();
  burst();
  EXPECT_EQ(tests::allocations(), before);
}

// The number of allocations grows with the logarithm of the callbacks' number,
// but for one a chunk.
TEST_F(ReadyQueueTest, GrowsInChunks) {
  const auto before = tests::allocations();
  for (int i = 0; i < 64'000; ++i) queue_.push([] {}, SourceLocation());
  EXPECT_LT(tests::allocations() - before, 500u + 64u);
  run();
}

TEST_F(ReadyQueueTest, PositionsInManyChunks) {
  for (int round = 0; round < 3; ++round) {
    std::vector<ReadyQueue::Position> positions;
    for (int i = 0; i < 1'000; ++i) positions.push_back(push(i));
    for (int i = 0; i < 1'000; ++i) {
      if (i % 100 != 99) queue_.cancel(positions[i]);
    }
    EXPECT_EQ(run(),
              (Numbers{99, 199, 299, 399, 499, 599, 699, 799, 899, 999}));
    for (const auto position : positions) queue_.cancel(position);
  }
}

TEST_F(ReadyQueueTest, WhatCannotBeMadeLeavesNothing) {
  struct Refuses {
    Refuses() = default;
    Refuses(const Refuses&) { throw 1; }
    void operator()() const {}
  };
  const Refuses refuses;
  EXPECT_THROW(queue_.push(refuses, SourceLocation()), int);
  EXPECT_TRUE(queue_.empty());
  push(1);
  EXPECT_EQ(run(), (Numbers{1}));
}

}  // namespace
}  // namespace loop

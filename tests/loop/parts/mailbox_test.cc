// The mailbox, without a loop that empties it.

#include "loop/callbacks/mailbox.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/event_loop.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::RuntimeError;

// A mailbox needs to know a loop, but does not use it.
class MailboxTest : public ::testing::Test {
 protected:
  std::uint64_t post(Callback callback = [] {}) {
    return mailbox_.post(mailbox_.generation(), {std::move(callback), {}});
  }
  bool is_woken() const {
    pollfd entry = {mailbox_.channel().reader, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }
  // Takes what is there, and returns the number of posts.
  std::size_t take() {
    std::size_t taken = 0;
    mailbox_.take_posts([](std::size_t) {},
                        [&](const SourceLocation&) { ++taken; });
    return taken;
  }
  // Runs what was taken; returns the number of posts that were not cancelled.
  int run_taken() {
    int ran = 0;
    while (mailbox_.has_taken_posts()) {
      Callback post = mailbox_.next_post();
      if (!post) continue;
      post.consume();
      ++ran;
    }
    return ran;
  }
  void cancel(std::uint64_t number, bool may_destroy = true) {
    mailbox_.cancel_post(mailbox_.generation(), number,
                         [&](const EventLoop&, bool) { return may_destroy; });
  }
  std::string take_signals() {
    std::string text;
    mailbox_.take_signals([&](int number, unsigned count) {
      text += std::to_string(number) + "x" + std::to_string(count) + " ";
    });
    return text;
  }
  ~MailboxTest() override { mailbox_.release(); }

  EventLoop loop_;
  Mailbox& mailbox_ = Mailbox::acquire(loop_);
};

TEST_F(MailboxTest, BelongsToTheLoop) { EXPECT_EQ(&mailbox_.loop(), &loop_); }

TEST_F(MailboxTest, PostsAreNumbered) {
  EXPECT_EQ(post(), 0u);
  EXPECT_EQ(post(), 1u);
  EXPECT_EQ(take(), 2u);
  EXPECT_EQ(post(), 2u);
  EXPECT_EQ(take(), 1u);
  EXPECT_EQ(take(), 0u);
  EXPECT_EQ(run_taken(), 3);
  EXPECT_EQ(post(), 3u);
}

// Numbers stay right when what has run is thrown out.
TEST_F(MailboxTest, PostsAreCancelledByNumber) {
  std::vector<std::uint64_t> ran;
  std::uint64_t next = 0;
  const auto post_one = [&] {
    EXPECT_EQ(post([&ran, number = next] { ran.push_back(number); }), next);
    ++next;
  };
  for (int i = 0; i < 10; ++i) post_one();
  take();
  for (int i = 0; i < 7; ++i) mailbox_.next_post().consume();
  for (int i = 0; i < 3; ++i) post_one();
  cancel(3);  // It has begun.
  cancel(8);
  cancel(11);
  cancel(99);
  take();
  cancel(12);
  EXPECT_EQ(run_taken(), 3);
  EXPECT_EQ(ran, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 9, 10}));
}

TEST_F(MailboxTest, ACancelledPostIsDestroyedByWhomItMay) {
  for (const bool taken : {false, true}) {
    const auto alive = std::make_shared<int>();
    const auto first = post([alive] { FAIL(); });
    const auto second = post([alive] { FAIL(); });
    if (taken) take();
    cancel(first);
    EXPECT_EQ(alive.use_count(), 2);
    cancel(second, false);
    EXPECT_EQ(alive.use_count(), 2);
    take();
    EXPECT_EQ(run_taken(), 0);
    EXPECT_EQ(alive.use_count(), 1);
  }
}

// A move constructor that posts would find the mailbox locked.
TEST_F(MailboxTest, AClosureIsNotMovedInTheMailbox) {
  int moved = 0;
  struct CountsMoves {
    explicit CountsMoves(int& m) : moved(m) {}
    CountsMoves(CountsMoves&& other) noexcept : moved(other.moved) { ++moved; }
    int& moved;
  };
  Scheduled scheduled([counts = CountsMoves(moved)] {}, {});
  scheduled.callback.pin();
  moved = 0;
  mailbox_.post(mailbox_.generation(), std::move(scheduled));
  for (int i = 0; i < 100; ++i) post();
  take();
  for (int i = 0; i < 100; ++i) post();
  take();
  EXPECT_EQ(run_taken(), 201);
  EXPECT_EQ(moved, 0);
}

// As when there is no memory for what is done with them.
TEST_F(MailboxTest, WhatCannotBePreparedIsNotTaken) {
  post();
  post();
  EXPECT_THROW(mailbox_.take_posts(
                   [](std::size_t count) {
                     EXPECT_EQ(count, 2u);
                     throw 1;
                   },
                   [](const SourceLocation&) { FAIL(); }),
               int);
  EXPECT_FALSE(mailbox_.has_taken_posts());
  EXPECT_TRUE(mailbox_.has_posts());
  EXPECT_EQ(take(), 2u);
}

TEST_F(MailboxTest, HasPostsUntilTheyAreTaken) {
  EXPECT_FALSE(mailbox_.has_posts());
  post();
  EXPECT_TRUE(mailbox_.has_posts());
  EXPECT_EQ(take(), 1u);
  EXPECT_FALSE(mailbox_.has_posts());
}

TEST_F(MailboxTest, OneThatIsAwakeIsNotWoken) {
  post();
  EXPECT_FALSE(is_woken());
}

TEST_F(MailboxTest, OneThatIsAsleepIsWokenOnce) {
  EXPECT_TRUE(mailbox_.fall_asleep());
  post();
  EXPECT_TRUE(is_woken());
  mailbox_.channel().drain();
  post();
  EXPECT_FALSE(is_woken());
  mailbox_.wake_up();
  EXPECT_EQ(take(), 2u);
}

TEST_F(MailboxTest, WithMailItDoesNotFallAsleep) {
  post();
  EXPECT_FALSE(mailbox_.fall_asleep());
  mailbox_.wake_up();
  take();
  EXPECT_TRUE(mailbox_.fall_asleep());
}

TEST_F(MailboxTest, AfterItWokeByItselfNobodyWritesAWakeUp) {
  EXPECT_TRUE(mailbox_.fall_asleep());
  mailbox_.wake_up();
  post();
  EXPECT_FALSE(is_woken());
}

TEST_F(MailboxTest, SignalsAreCountedIfWanted) {
  mailbox_.want_signal(SIGUSR2);
  mailbox_.want_signal(64);
  for (const int number : {SIGUSR1, SIGUSR2, SIGUSR2, 64, SIGCHLD}) {
    Mailbox::deliver(number);
  }
  EXPECT_TRUE(mailbox_.has_signals());
  EXPECT_FALSE(mailbox_.fall_asleep());
  EXPECT_EQ(take_signals(), "12x2 64x1 ");
  EXPECT_FALSE(mailbox_.has_signals());
  EXPECT_EQ(take_signals(), "");
}

TEST_F(MailboxTest, ASignalWakesOnceToo) {
  mailbox_.want_signal(SIGUSR1);
  EXPECT_TRUE(mailbox_.fall_asleep());
  Mailbox::deliver(SIGUSR2);
  EXPECT_FALSE(is_woken());
  Mailbox::deliver(SIGUSR1);
  EXPECT_TRUE(is_woken());
  mailbox_.channel().drain();
  Mailbox::deliver(SIGUSR1);
  EXPECT_FALSE(is_woken());
  EXPECT_EQ(take_signals(), "10x2 ");
}

TEST_F(MailboxTest, AForgottenSignalIsNotCounted) {
  mailbox_.want_signal(SIGUSR1);
  Mailbox::deliver(SIGUSR1);
  mailbox_.forget_signal(SIGUSR1);
  mailbox_.want_signal(SIGUSR1);
  EXPECT_EQ(take_signals(), "");
}

TEST_F(MailboxTest, WhichNumbersAreSignals) {
  for (const int number : {1, SIGUSR1, 64}) {
    EXPECT_TRUE(Mailbox::is_signal(number)) << number;
  }
  for (const int number : {-1, 0, 65, 1000}) {
    EXPECT_FALSE(Mailbox::is_signal(number)) << number;
  }
}

TEST_F(MailboxTest, NobodyMayPostForAGenerationThatIsOver) {
  const auto generation = mailbox_.generation();
  EXPECT_THROW(mailbox_.post(generation - 1, {[] {}, {}}), RuntimeError);
  EXPECT_THROW(mailbox_.post(generation + 1, {[] {}, {}}), RuntimeError);
  EXPECT_FALSE(mailbox_.has_posts());
}

// Nothing of one loop is left for the next.
TEST_F(MailboxTest, ReleasedAndAcquiredAgainItIsEmpty) {
  const auto alive = std::make_shared<int>();
  const auto generation = mailbox_.generation();
  post([alive] {});
  mailbox_.want_signal(SIGUSR1);
  Mailbox::deliver(SIGUSR1);
  mailbox_.fall_asleep();
  mailbox_.release();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_THROW(mailbox_.post(generation, {[] {}, {}}), RuntimeError);
  ASSERT_EQ(&Mailbox::acquire(loop_), &mailbox_);
  EXPECT_EQ(mailbox_.generation(), generation + 1);
  EXPECT_FALSE(mailbox_.has_posts());
  EXPECT_FALSE(mailbox_.has_signals());
  Mailbox::deliver(SIGUSR1);
  EXPECT_EQ(take_signals(), "");
  EXPECT_EQ(post(), 0u);
  EXPECT_FALSE(is_woken());
}

TEST_F(MailboxTest, TwoLoopsHaveTwo) {
  EventLoop loop;
  Mailbox& other = Mailbox::acquire(loop);
  EXPECT_NE(&other, &mailbox_);
  other.release();
}

}  // namespace
}  // namespace loop

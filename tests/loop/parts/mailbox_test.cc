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
    return mailbox_.post(mailbox_.generation(), std::move(callback), {});
  }
  bool is_woken() const {
    pollfd entry = {mailbox_.channel().reader, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }
  // Runs what was taken; returns the number of posts that were not cancelled.
  int run_taken() {
    int ran = 0;
    while (mailbox_.has_taken_posts()) {
      mailbox_.for_each_of_batch([&](Scheduled& post) {
        post.callback.call_once();
        ++ran;
      });
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
  EXPECT_TRUE(mailbox_.take_posts());
  EXPECT_EQ(post(), 2u);
  EXPECT_TRUE(mailbox_.take_posts());
  EXPECT_FALSE(mailbox_.take_posts());
  EXPECT_EQ(run_taken(), 3);
  EXPECT_EQ(post(), 3u);
}

// Numbers stay right when what has run is thrown out.
// Also while a batch runs, the closures of which move as more are taken.
TEST_F(MailboxTest, PostsAreCancelledByNumber) {
  std::vector<std::uint64_t> ran;
  std::uint64_t next = 0;
  const auto post_one = [&] {
    EXPECT_EQ(post([&ran, number = next] { ran.push_back(number); }), next);
    ++next;
  };
  for (int i = 0; i < 6; ++i) post_one();
  post([&] {
    ran.push_back(6);
    for (int i = 0; i < 3; ++i) post_one();
    cancel(3);  // It has begun.
    cancel(6);  // It runs.
    cancel(8);
    cancel(11);
    cancel(99);
    EXPECT_TRUE(mailbox_.take_posts());
    cancel(12);
  });
  next = 7;
  for (int i = 7; i < 10; ++i) post_one();
  EXPECT_TRUE(mailbox_.take_posts());
  EXPECT_EQ(run_taken(), 10);
  EXPECT_EQ(ran, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 9, 10}));
}

TEST_F(MailboxTest, ACancelledPostIsDestroyedByWhomItMay) {
  for (const bool taken : {false, true}) {
    const auto alive = std::make_shared<int>();
    const auto first = post([alive] { FAIL(); });
    const auto second = post([alive] { FAIL(); });
    if (taken) mailbox_.take_posts();
    cancel(first);
    EXPECT_EQ(alive.use_count(), 2);
    cancel(second, false);
    EXPECT_EQ(alive.use_count(), 2);
    if (!taken) mailbox_.take_posts();
    EXPECT_EQ(run_taken(), 0);
    EXPECT_EQ(alive.use_count(), 1);
  }
}

// A constructor that posts would find the mailbox locked.
TEST_F(MailboxTest, AClosureIsNeitherMadeNorMovedInTheMailbox) {
  struct Posts {
    explicit Posts(Mailbox& m) : mailbox(m) {}
    Posts(const Posts& other) : mailbox(other.mailbox) { post(); }
    Posts(Posts&& other) noexcept : mailbox(other.mailbox) { post(); }
    void operator()() const {}
    void post() const {
      mailbox.post(mailbox.generation(), [] {}, {});
    }
    Mailbox& mailbox;
  };
  const Posts posts(mailbox_);
  mailbox_.post(mailbox_.generation(), posts, {});
  const auto number = mailbox_.post(mailbox_.generation(), Posts(mailbox_), {});
  for (int i = 0; i < 100; ++i) post();
  mailbox_.take_posts();
  for (int i = 0; i < 100; ++i) post();
  mailbox_.take_posts();
  EXPECT_EQ(post(), number + 201);  // None but those that made the two.
  mailbox_.take_posts();
  run_taken();
}

TEST_F(MailboxTest, ABatchIsWhatWasTakenAtATime) {
  std::string ran;
  const auto post_one = [&](char c) { post([&ran, c] { ran += c; }); };
  EXPECT_FALSE(mailbox_.take_posts());
  post_one('a');
  post_one('b');
  mailbox_.take_posts();
  post_one('c');
  mailbox_.take_posts();
  const auto run = [](Scheduled& post) { post.callback.call_once(); };
  mailbox_.for_each_of_batch(run);
  EXPECT_EQ(ran, "ab");
  mailbox_.for_each_of_batch(run);
  EXPECT_EQ(ran, "abc");
  EXPECT_FALSE(mailbox_.has_taken_posts());
}

TEST_F(MailboxTest, HasPostsUntilTheyAreTaken) {
  EXPECT_FALSE(mailbox_.has_posts());
  post();
  EXPECT_TRUE(mailbox_.has_posts());
  EXPECT_TRUE(mailbox_.take_posts());
  EXPECT_FALSE(mailbox_.has_posts());
  run_taken();
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
  EXPECT_TRUE(mailbox_.take_posts());
  EXPECT_EQ(run_taken(), 2);
}

TEST_F(MailboxTest, WithMailItDoesNotFallAsleep) {
  post();
  EXPECT_FALSE(mailbox_.fall_asleep());
  mailbox_.wake_up();
  mailbox_.take_posts();
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
  EXPECT_THROW(mailbox_.post(generation - 1, [] {}, {}), RuntimeError);
  EXPECT_THROW(mailbox_.post(generation + 1, [] {}, {}), RuntimeError);
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
  EXPECT_THROW(mailbox_.post(generation, [] {}, {}), RuntimeError);
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

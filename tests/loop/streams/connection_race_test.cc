// `connect_to_any()` with connections that only the test makes, in fake time.
// After CPython 3.15's test_asyncio/test_staggered.py.

#include "loop/streams/connection_race.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "selectors/default_selector.h"
#include "selectors/errors.h"
#include "selectors/wait_limit.h"
#include "tests/loop/loop_fixture.h"

namespace loop {
namespace {

using selectors::WaitLimit;

// The course of one attempt.
struct Attempt {
  std::chrono::milliseconds duration{0};  // 0: ends without a wait.
  int error = 0;                          // An errno; 0 connects.
  bool throws_another = false;            // Throws no OSError, but another.
  std::chrono::milliseconds clean_up{0};  // The time after a cancellation.
};
constexpr auto kNever = 1h;

// Each address is the port of an Attempt.
class ConnectionRaceTest : public tests::NoLeak {
 protected:
  Task<Socket> race(const std::vector<Attempt>& attempts,
                    WaitLimit delay = 250ms) {
    attempts_ = attempts;
    std::vector<Address> addresses;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      addresses.push_back(
          Address::ipv4("192.0.2.1", static_cast<std::uint16_t>(i)));
    }
    const Connect connect = [this](Address address) {
      return attempt(address.port());
    };
    return create_task(fake_.loop,
                       connect_to_any(std::move(addresses), delay, connect));
  }

  Coroutine<Socket> attempt(std::size_t i) {
    const Attempt plan = attempts_[i];
    log(i, "starts");
    Socket socket(AF_INET, SOCK_STREAM);
    bool cancelled = false;
    try {
      if (plan.duration > 0ms) co_await sleep(plan.duration);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) {
      if (plan.clean_up > 0ms) co_await sleep(plan.clean_up);
      log(i, "is cancelled");
      throw CancelledError();
    }
    log(i, plan.error || plan.throws_another ? "fails" : "connects");
    if (plan.throws_another) throw std::logic_error("another");
    if (plan.error) {
      throw selectors::make_os_error(plan.error,
                                     "connect to :" + std::to_string(i));
    }
    co_return socket;
  }
  void log(std::size_t i, const std::string& event) {
    journal_.push_back(std::to_string(fake_.ms()) + " " + std::to_string(i) +
                       " " + event);
  }

  FakeTimeLoop fake_{std::make_unique<selectors::DefaultSelector>()};
  std::vector<Attempt> attempts_;
  Journal journal_;
};

TEST_F(ConnectionRaceTest, AnAddressThatDoesNotAnswerCostsTheDelay) {
  const Task<Socket> task =
      race({{.duration = kNever}, {.duration = 10ms}, {.duration = kNever}});
  EXPECT_GE(run_until_complete(task).fileno(), 0);
  EXPECT_EQ(journal_, (Journal{"0 0 starts", "250 1 starts", "260 1 connects",
                               "260 0 is cancelled"}));
}

TEST_F(ConnectionRaceTest, AFailureStartsTheNextAttemptAtOnce) {
  run_until_complete(race({{.duration = 5ms, .error = ECONNREFUSED}, {}}));
  EXPECT_EQ(journal_,
            (Journal{"0 0 starts", "5 0 fails", "5 1 starts", "5 1 connects"}));
}

// Only the failure of the latest attempt counts, as in Python.
TEST_F(ConnectionRaceTest, AFailureOfAnEarlierAttemptStartsNone) {
  run_until_complete(race({{.duration = 300ms, .error = ECONNREFUSED},
                           {.duration = kNever},
                           {.duration = 1ms}}));
  EXPECT_EQ(journal_,
            (Journal{"0 0 starts", "250 1 starts", "300 0 fails",
                     "500 2 starts", "501 2 connects", "501 1 is cancelled"}));
}

TEST_F(ConnectionRaceTest, AnEarlierAttemptMayWinLater) {
  run_until_complete(race({{.duration = 260ms}, {.duration = kNever}}));
  EXPECT_EQ(journal_, (Journal{"0 0 starts", "250 1 starts", "260 0 connects",
                               "260 1 is cancelled"}));
}

// gh-128479
TEST_F(ConnectionRaceTest, AWinnerWithoutAWaitIsTheOnlyAttempt) {
  run_until_complete(race({{}, {}, {}}));
  EXPECT_EQ(journal_, (Journal{"0 0 starts", "0 0 connects"}));
}

// The fixture checks that the second socket is closed.
TEST_F(ConnectionRaceTest, TwoThatConnectAtOneMomentGiveOneSocket) {
  run_until_complete(race({{.duration = 260ms}, {.duration = 10ms}}));
  EXPECT_EQ(fake_.ms(), 260);
}

TEST_F(ConnectionRaceTest, WithoutDelayAllStartAtOnce) {
  for (const auto delay : {0ms, -1ms}) {
    journal_.clear();
    run_until_complete(
        race({{.duration = kNever}, {.duration = kNever}, {.duration = 1ms}},
             delay));
    EXPECT_EQ(journal_.size(), 6u);
  }
  EXPECT_EQ(fake_.ms(), 2);
}

TEST_F(ConnectionRaceTest, WithoutALimitAttemptsFollowOneAnother) {
  run_until_complete(
      race({{.duration = 500ms, .error = EHOSTUNREACH}, {}, {}}, std::nullopt));
  EXPECT_EQ(journal_, (Journal{"0 0 starts", "500 0 fails", "500 1 starts",
                               "500 1 connects"}));
}

// gh-124309, gh-124390
TEST_F(ConnectionRaceTest, ACancelledRaceWaitsForItsAttempts) {
  const Task<Socket> task = race({{.duration = kNever, .clean_up = 40ms},
                                  {.duration = kNever},
                                  {.duration = kNever}});
  fake_.run_for(300ms);
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(journal_, (Journal{"0 0 starts", "250 1 starts",
                               "300 1 is cancelled", "340 0 is cancelled"}));
}

TEST_F(ConnectionRaceTest, ACancelledRaceThatHasNotBegunStartsNothing) {
  const Task<Socket> task = race({{}, {}});
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(journal_, Journal{});
}

// A socket that connects while the race is cancelled is closed.
TEST_F(ConnectionRaceTest, AWinnerOfACancelledRaceIsClosed) {
  const Task<Socket> task = race({{.duration = 10ms}, {}});
  fake_.run_for(10ms);
  if (!task.done()) task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
}

TEST_F(ConnectionRaceTest, IfAllFailTheErrorNamesEach) {
  for (const WaitLimit delay : {WaitLimit(250ms), WaitLimit()}) {
    const Task<Socket> task =
        race({{.error = ECONNREFUSED}, {.duration = 1ms, .error = ENETUNREACH}},
             delay);
    try {
      run_until_complete(task);
      ADD_FAILURE() << "no exception";
    } catch (const OSError& error) {
      const std::string text = error.what();
      EXPECT_TRUE(contains(text, "connect to :0: Connection refused")) << text;
      EXPECT_TRUE(contains(text, "connect to :1: Network is unreach")) << text;
    }
  }
}

// gh-135836: in 3.13 an IndexError.
TEST_F(ConnectionRaceTest, WithoutAnOSErrorTheRaceTimesOut) {
  EXPECT_THROW(run_until_complete(
                   race({{.throws_another = true}, {.throws_another = true}})),
               TimeoutError);
  // An OSError is worth more, and so is a connection.
  EXPECT_THROW(run_until_complete(
                   race({{.throws_another = true}, {.error = ECONNREFUSED}})),
               OSError);
  run_until_complete(race({{.throws_another = true}, {}}));
  // There is no race.
  EXPECT_THROW(run_until_complete(race({{.throws_another = true}})),
               std::logic_error);
}

// ---- interleave() ----

// The addresses of a text: "4a" is an IPv4 address, "6a" an IPv6 address.
std::vector<Address> addresses_of(const std::string& text) {
  std::vector<Address> all;
  for (std::size_t i = 0; i + 1 < text.size(); i += 3) {
    const auto port = static_cast<std::uint16_t>(text[i + 1]);
    all.push_back(text[i] == '4' ? Address::ipv4("192.0.2.1", port)
                                 : Address::ipv6("2001:db8::1", port));
  }
  return all;
}

// The results are those of _interleave_addrinfos() of CPython 3.13.
TEST(InterleaveTest, FamiliesTakeTurns) {
  struct Row {
    std::size_t count;
    const char* before;
    const char* after;
  };
  for (const Row& row : {
           Row{0, "6a 6b 4a", "6a 6b 4a"},
           Row{1, "6a 6b 6c 4a 4b", "6a 4a 6b 4b 6c"},
           Row{2, "6a 6b 6c 4a 4b", "6a 6b 4a 6c 4b"},
           Row{9, "6a 6b 6c 4a 4b", "6a 6b 6c 4a 4b"},
           Row{1, "4a 6a 6b 4b", "4a 6a 4b 6b"},
           Row{2, "4a 6a 4b", "4a 4b 6a"},
           Row{1, "4a", "4a"},
           Row{1, "", ""},
       }) {
    EXPECT_EQ(interleave(addresses_of(row.before), row.count),
              addresses_of(row.after))
        << row.count << ": " << row.before;
  }
}

}  // namespace
}  // namespace loop

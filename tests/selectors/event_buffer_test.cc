#include "selectors/event_buffer.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <numeric>
#include <vector>

namespace selectors {
namespace {

using namespace std::chrono_literals;

// A kernel that has so many events to tell, and the one who hears them.
class Wait {
 public:
  explicit Wait(int ready) : ready_(ready) {}

  bool fill(EventBuffer<int>& buffer, const WaitLimit& timeout) {
    return buffer.fill(
        timeout,
        [this](int* places, int room, const WaitLimit& t) {
          rooms.push_back(room);
          timeouts.push_back(t);
          if (fail_at == static_cast<int>(rooms.size())) {
            errno = EINTR;
            return -1;
          }
          const int count = std::min(room, ready_);
          std::iota(places, places + count, told_);
          told_ += count;
          ready_ -= count;
          return count;
        },
        [this](int event) { heard.push_back(event); },
        [this](int event) {
          heard.push_back(event);
          heard_later.push_back(event);
        },
        [&] {
          if (grown_throws) throw std::bad_alloc();
          grown.push_back(buffer.size());
        });
  }

  // Whether all of `count` events were heard, once each and in order.
  bool has_heard(int count) const {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return heard == all;
  }

  int fail_at = 0;
  bool grown_throws = false;
  std::vector<int> rooms, grown, heard;
  std::vector<int> heard_later;  // After the first question.
  std::vector<WaitLimit> timeouts;

 private:
  int ready_;
  int told_ = 0;
};

TEST(EventBuffer, AsksOnceIfThereIsRoomToSpare) {
  EventBuffer<int> buffer;
  const int size = buffer.size();
  for (const int ready : {0, 1, size - 1}) {
    Wait wait(ready);
    EXPECT_TRUE(wait.fill(buffer, 100ms));
    EXPECT_TRUE(wait.has_heard(ready));
    EXPECT_EQ(wait.rooms, std::vector{size});
    EXPECT_EQ(wait.timeouts[0].value(), 100ms);
    EXPECT_TRUE(wait.grown.empty());
    EXPECT_TRUE(wait.heard_later.empty());
  }
}

TEST(EventBuffer, AsksOnWithoutWaitingUntilItHasHeardAll) {
  EventBuffer<int> buffer;
  const int size = buffer.size();
  Wait wait(size + 2 * size + 1);
  EXPECT_TRUE(wait.fill(buffer, std::nullopt));
  EXPECT_TRUE(wait.has_heard(3 * size + 1));
  EXPECT_EQ(wait.heard_later.front(), size);
  EXPECT_EQ(wait.rooms, (std::vector{size, 2 * size, 4 * size}));
  EXPECT_TRUE(wait.timeouts[0].waits_forever());
  EXPECT_TRUE(wait.timeouts[1].is_poll());
  EXPECT_TRUE(wait.timeouts[2].is_poll());
}

TEST(EventBuffer, MakesRoomForReportsBeforeItAsks) {
  EventBuffer<int> buffer;
  const int size = buffer.size();
  Wait wait(size);
  EXPECT_TRUE(wait.fill(buffer, 0ns));
  EXPECT_EQ(wait.grown, std::vector{2 * size});
  EXPECT_EQ(buffer.size(), 2 * size);
}

TEST(EventBuffer, StaysAsLargeAsItHadToBe) {
  EventBuffer<int> buffer;
  Wait first(buffer.size());
  first.fill(buffer, 0ns);
  const int size = buffer.size();
  Wait second(1);
  EXPECT_TRUE(second.fill(buffer, 0ns));
  EXPECT_EQ(second.rooms, std::vector{size});
}

TEST(EventBuffer, TellsThatTheFirstQuestionFailed) {
  EventBuffer<int> buffer;
  Wait wait(1);
  wait.fail_at = 1;
  errno = 0;
  EXPECT_FALSE(wait.fill(buffer, 0ns));
  EXPECT_EQ(errno, EINTR);
  EXPECT_TRUE(wait.heard.empty());
}

// What was heard is not to be lost because the rest cannot be.
TEST(EventBuffer, ForgivesALaterQuestionThatFailed) {
  EventBuffer<int> buffer;
  const int size = buffer.size();
  Wait wait(size + 1);
  wait.fail_at = 2;
  EXPECT_TRUE(wait.fill(buffer, 0ns));
  EXPECT_TRUE(wait.has_heard(size));
}

// Else it would next time hear of more than there is room to report.
TEST(EventBuffer, DoesNotGrowIfThereIsNoRoomForReports) {
  EventBuffer<int> buffer;
  const int size = buffer.size();
  Wait wait(size + 1);
  wait.grown_throws = true;
  EXPECT_TRUE(wait.fill(buffer, 0ns));
  EXPECT_TRUE(wait.has_heard(size));
  EXPECT_EQ(buffer.size(), size);
  wait.grown_throws = false;
  EXPECT_TRUE(wait.fill(buffer, 0ns));
  EXPECT_TRUE(wait.has_heard(size + 1));
}

}  // namespace
}  // namespace selectors

#include "timers/detail/timer_records.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "timers/timer_queue.h"

namespace timers {
namespace {

// Each record here has one generation left. One that has used it up names no
// timer any more, nor does TimerId(), whose generation is 0.
TEST(TimerRecordsTest, NoIdReturnsWhenGenerationsAreUsedUp) {
  TimerRecords<int> records(TimerRecords<int>::kFirstTicket, 0xfffffffe);
  std::set<TimerId> ids;
  for (int i = 0; i < 600; ++i) {
    records.make_room();
    const auto added = records.add(i);
    records.start(added);
    const TimerId id = records.id_of(added.index);
    EXPECT_TRUE(records.contains(id));
    EXPECT_TRUE(ids.insert(id).second) << "the id of an earlier timer";
    records.remove(added.index);
    EXPECT_FALSE(records.contains(id));
    EXPECT_FALSE(records.contains(TimerId()));
    EXPECT_EQ(records.find_pending(0), TimerId());
  }
  records.trim();
  EXPECT_FALSE(records.contains(TimerId()));
  EXPECT_EQ(records.size(), 0u);
}

}  // namespace
}  // namespace timers

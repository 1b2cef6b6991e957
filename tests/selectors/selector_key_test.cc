#include "selectors/selector_key.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <any>
#include <iterator>
#include <utility>
#include <vector>

#include "selectors/errors.h"
#include "selectors/poll_selector.h"
#include "selectors/selector_map.h"

namespace selectors {
namespace {

static_assert(std::forward_iterator<SelectorMap::iterator>);

std::vector<int> numbers(const SelectorMap& map) {
  std::vector<int> fds;
  for (const SelectorKey& key : map) fds.push_back(key.fd);
  return fds;
}

TEST(EventsRepr, NamesEachBit) {
  EXPECT_EQ(events_repr(0), "0");
  EXPECT_EQ(events_repr(EVENT_READ), "READ");
  EXPECT_EQ(events_repr(EVENT_READ | EVENT_WRITE), "READ|WRITE");
  EXPECT_EQ(events_repr(EVENT_WRITE | EVENT_EDGE | EVENT_ONESHOT),
            "WRITE|EDGE|ONESHOT");
  EXPECT_EQ(events_repr(EVENT_READ | 0x100), "READ|0x100");
  EXPECT_EQ(events_repr(~0u),
            "READ|WRITE|PRIORITY|ERROR|EDGE|ONESHOT|0xffffffc0");
}

// Any number that is open will do for poll.
class SelectorMapTest : public ::testing::Test {
 protected:
  ~SelectorMapTest() override {
    for (const int fd : opened_) ::close(fd);
  }

  const SelectorKey& register_(int fd, EventMask events, std::any data = {}) {
    if (::fcntl(fd, F_GETFD) == -1) {
      const int null = ::open("/dev/null", O_RDONLY);
      EXPECT_EQ(::dup2(null, fd), fd);
      if (null != fd) ::close(null);
      opened_.push_back(fd);
    }
    return selector_.register_(fd, events, std::move(data));
  }

  PollSelector selector_;
  std::vector<int> opened_;
  const SelectorMap& map_ = *selector_.get_map();
};

TEST_F(SelectorMapTest, IsALiveView) {
  EXPECT_TRUE(map_.empty());
  EXPECT_EQ(map_.begin(), map_.end());
  register_(5, EVENT_READ);
  EXPECT_FALSE(map_.empty());
  EXPECT_EQ(map_.size(), 1u);
  EXPECT_TRUE(map_.contains(5));
  selector_.unregister(5);
  EXPECT_TRUE(map_.empty());
  EXPECT_FALSE(map_.contains(5));
  EXPECT_EQ(map_.begin(), map_.end());
}

TEST_F(SelectorMapTest, FindsKeys) {
  const SelectorKey& key = register_(5, EVENT_WRITE, 17);
  EXPECT_EQ(map_.get(5), &key);
  EXPECT_EQ(&map_[5], &key);
  EXPECT_EQ(map_[5].fd, 5);
  EXPECT_EQ(map_[5].fileobj, FileObj(5));
  EXPECT_EQ(map_[5].events, EVENT_WRITE);
  EXPECT_EQ(std::any_cast<int>(map_[5].data), 17);
}

TEST_F(SelectorMapTest, SaysWhatIsNotThere) {
  EXPECT_EQ(map_.get(6), nullptr);
  EXPECT_THROW(map_[6], KeyError);
  EXPECT_THROW(map_.get(-1), ValueError);
  EXPECT_THROW(map_.contains(-1), ValueError);
  EXPECT_THROW(map_[-1], ValueError);
  try {
    map_[6];
  } catch (const KeyError& error) {
    EXPECT_STREQ(error.what(), "fd 6 is not registered");
  }
}

TEST_F(SelectorMapTest, IteratesInTheOrderOfDescriptors) {
  for (const int fd : {900, 0, 7}) register_(fd, EVENT_READ);
  EXPECT_EQ(numbers(map_), (std::vector{0, 7, 900}));
  selector_.unregister(900);
  EXPECT_EQ(numbers(map_), (std::vector{0, 7}));
  selector_.unregister(0);
  EXPECT_EQ(numbers(map_), std::vector{7});
}

TEST_F(SelectorMapTest, IteratorsAreOrdinaryOnes) {
  for (const int fd : {3, 4}) register_(fd, EVENT_READ);
  SelectorMap::iterator at = map_.begin();
  EXPECT_EQ(at->fd, 3);
  EXPECT_EQ((*at++).fd, 3);
  EXPECT_EQ(at->fd, 4);
  EXPECT_EQ(++at, map_.end());
  EXPECT_EQ(std::distance(map_.begin(), map_.end()), 2);
  EXPECT_EQ(std::ranges::count(map_, 4, &SelectorKey::fd), 1);
}

TEST_F(SelectorMapTest, IsEmptyAfterClose) {
  register_(5, EVENT_READ);
  selector_.close();
  EXPECT_EQ(selector_.get_map(), nullptr);
  EXPECT_EQ(map_.size(), 0u);
  EXPECT_EQ(map_.begin(), map_.end());
}

}  // namespace
}  // namespace selectors

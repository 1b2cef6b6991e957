#include "selectors/single_user.h"

#include <gtest/gtest.h>

#include <any>
#include <memory>
#include <thread>

#include "selectors/poll_selector.h"

namespace selectors {
namespace {

TEST(SingleUser, MayBeNested) {
  SingleUser object;
  const SingleUser::Use outer(object);
  { const SingleUser::Use inner(object); }
  const SingleUser::Use again(object);
}

TEST(SingleUser, MayBeUsedByOneThreadAfterAnother) {
  SingleUser object;
  { const SingleUser::Use use(object); }
  std::thread([&object] { const SingleUser::Use use(object); }).join();
  const SingleUser::Use use(object);
}

TEST(SingleUser, DoesNotMindOtherObjects) {
  SingleUser one;
  SingleUser two;
  const SingleUser::Use use(one);
  std::thread([&two] { const SingleUser::Use other(two); }).join();
}

// A new thread in a process that has others: "threadsafe" runs the test again
// in a process of its own.
class SingleUserDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef NDEBUG
    GTEST_SKIP() << "asserted in debug builds only (NDEBUG)";
#endif
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(SingleUserDeathTest, RefusesASecondThread) {
  EXPECT_DEATH(
      {
        SingleUser object;
        const SingleUser::Use use(object);
        std::thread([&object] { const SingleUser::Use other(object); }).join();
      },
      "used by two threads at once");
}

// The inner one has not given the object free.
TEST_F(SingleUserDeathTest, RefusesASecondThreadAfterANestedUse) {
  EXPECT_DEATH(
      {
        SingleUser object;
        const SingleUser::Use outer(object);
        { const SingleUser::Use inner(object); }
        std::thread([&object] { const SingleUser::Use other(object); }).join();
      },
      "used by two threads at once");
}

// Each function of a selector says that it is used; the destructor of
// somebody's data runs in the middle of one.
TEST_F(SingleUserDeathTest, SelectorsAssertIt) {
  struct Meddler {
    Meddler() = default;
    Meddler(const Meddler& other) = default;
    ~Meddler() {
      if (selector == nullptr) return;
      std::thread([this] { selector->register_(0, EVENT_READ); }).join();
    }
    BaseSelector* selector = nullptr;
  };
  EXPECT_DEATH(
      {
        PollSelector selector;
        selector.register_(0, EVENT_READ, std::make_shared<Meddler>());
        std::any_cast<std::shared_ptr<Meddler>>(selector.get_key(0).data)
            ->selector = &selector;
        selector.close();
      },
      "used by two threads at once");
}

}  // namespace
}  // namespace selectors

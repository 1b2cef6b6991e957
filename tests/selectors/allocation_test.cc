// Once warm, a selector asks for no memory; and a high descriptor number costs
// little.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "tests/selectors/selector_fixture.h"
#include "tests/support/allocations.h"
#include "tests/support/real_selectors.h"

namespace selectors {
namespace {

class AllocationTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, AllocationTest, tests::real_selectors(),
                         tests::name_of);

TEST_P(AllocationTest, NothingIsAllocatedOnceWarm) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(100);
  const auto everything = [&] {
    int number = 0;
    for (const SocketPair& pair : pairs) {
      s->register_(pair.first, EVENT_READ, ++number);
      s->register_(pair.second, EVENT_BOTH, &pair);
    }
    for (const auto& [key, events] : s->select()) {
      s->modify(key.fileobj, EVENT_WRITE, number);
      s->modify(key.fileobj, EVENT_BOTH);
      s->get_key(key.fd);
    }
    s->select(0s);
    s->select(1us);
    s->select(1s);
    for (const SocketPair& pair : pairs) {
      s->unregister(pair.first);
      s->unregister(pair.second);
    }
    s->select(1us);
  };
  everything();
  const std::size_t before = tests::allocations();
  for (int i = 0; i < 3; ++i) everything();
  EXPECT_EQ(tests::allocations(), before);
}

TEST_P(AllocationTest, UnregisteringWhatIsWalkedAllocatesNothing) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(100);
  const auto everything = [&] {
    for (const SocketPair& pair : pairs) s->register_(pair.first, EVENT_WRITE);
    for (const auto& [key, events] : s->select()) s->unregister(key.fileobj);
  };
  everything();
  everything();
  const std::size_t before = tests::allocations();
  everything();
  EXPECT_EQ(tests::allocations(), before);
}

// R10: a table indexed by descriptor numbers, with one high number in it.
TEST_P(AllocationTest, R10_AHighNumberCostsLittle) {
  const auto s = make_selector();
  const tests::MostOpenFiles limit;
  const Pipe pipe;
  const File high = tests::dup_at_least(
      pipe.writer, static_cast<int>(std::min<std::size_t>(
                       limit.count() - 1, std::size_t{100000})));
  const std::size_t before = tests::bytes_asked_for();
  try {
    s->register_(high, EVENT_WRITE);
    EXPECT_EQ(ready_now(*s).size(), 1u);
  } catch (const ValueError&) {
    EXPECT_EQ(s->name(), "SelectSelector");
  }
  EXPECT_LT(tests::bytes_asked_for() - before, std::size_t{10} << 20);
}

TEST_P(AllocationTest, R10_AnImpossibleNumberCostsNothing) {
  const auto s = make_selector();
  const std::size_t before = tests::bytes_asked_for();
  EXPECT_THROW(s->register_(std::numeric_limits<int>::max(), EVENT_READ),
               OSError);
  EXPECT_LT(tests::bytes_asked_for() - before, std::size_t{1} << 20);
}

}  // namespace
}  // namespace selectors

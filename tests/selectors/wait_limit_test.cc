#include "selectors/wait_limit.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <limits>
#include <type_traits>

namespace selectors {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

using Float = std::chrono::duration<float>;
using Double = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;
using Thirds = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
using Picoseconds = std::chrono::duration<std::int64_t, std::pico>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kHuge = 1'000'000'000'000'000'000;

// What can be known when compiling is.
static_assert(to_nanoseconds(1ns) == 1ns);
static_assert(to_nanoseconds(3s) == 3'000'000'000ns);
static_assert(to_nanoseconds(std::chrono::seconds(kHuge)) ==
              nanoseconds::max());
static_assert(WaitLimit(100ms).value() == 100ms);
static_assert(WaitLimit().waits_forever());
static_assert(!WaitLimit(0ns).waits_forever());
static_assert(WaitLimit(0ns).is_poll() && WaitLimit(-1ns).is_poll());
static_assert(!WaitLimit(1ns).is_poll() && !WaitLimit().is_poll());
static_assert(WaitLimit(1500us).to_milliseconds() == 2);

// Python's `select(0.1)` must not compile to something else.
static_assert(!std::is_convertible_v<int, WaitLimit>);
static_assert(!std::is_convertible_v<long, WaitLimit>);
static_assert(!std::is_convertible_v<double, WaitLimit>);
static_assert(!std::is_constructible_v<WaitLimit, int>);
static_assert(!std::is_constructible_v<WaitLimit, double>);
static_assert(std::is_convertible_v<std::chrono::hours, WaitLimit>);
static_assert(std::is_convertible_v<Double, WaitLimit>);
static_assert(std::is_convertible_v<std::nullopt_t, WaitLimit>);
static_assert(std::is_convertible_v<std::optional<nanoseconds>, WaitLimit>);

timespec as_timespec(const WaitLimit& timeout) {
  timespec storage = {-1, -1};
  EXPECT_EQ(timeout.to_timespec(storage), &storage);
  return storage;
}

TEST(ToNanoseconds, RoundsFractionsUp) {
  EXPECT_EQ(to_nanoseconds(Picoseconds(1)), 1ns);
  EXPECT_EQ(to_nanoseconds(Picoseconds(1000)), 1ns);
  EXPECT_EQ(to_nanoseconds(Picoseconds(1001)), 2ns);
  EXPECT_EQ(to_nanoseconds(Double(1e-10)), 1ns);
  EXPECT_EQ(to_nanoseconds(Double(1.5e-9)), 2ns);
  EXPECT_EQ(to_nanoseconds(Thirds(1)), 333'333'334ns);
  EXPECT_EQ(to_nanoseconds(Thirds(2)), 666'666'667ns);
  EXPECT_EQ(to_nanoseconds(Thirds(3)), 1s);
}

TEST(ToNanoseconds, KeepsWhatIsWhole) {
  EXPECT_EQ(to_nanoseconds(Double(0.1)), 100ms);
  EXPECT_EQ(to_nanoseconds(Double(0.3)), 300ms);
  EXPECT_EQ(to_nanoseconds(Milliseconds(0.1)), 100us);
  EXPECT_EQ(to_nanoseconds(Float(0.5f)), 500ms);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<unsigned char>(200)), 200s);
  EXPECT_EQ(to_nanoseconds(nanoseconds::max()), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(nanoseconds::min()), nanoseconds::min());
}

TEST(ToNanoseconds, RoundsNegativeFractionsUpToo) {
  EXPECT_EQ(to_nanoseconds(Picoseconds(-1)), 0ns);
  EXPECT_EQ(to_nanoseconds(Double(-1.5e-9)), -1ns);
  EXPECT_EQ(to_nanoseconds(Thirds(-1)), -333'333'333ns);
}

TEST(ToNanoseconds, SaturatesWhatDoesNotFit) {
  using std::chrono::hours;
  using std::chrono::seconds;
  EXPECT_EQ(to_nanoseconds(seconds(kHuge)), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(seconds(-kHuge)), nanoseconds::min());
  EXPECT_EQ(to_nanoseconds(hours::max()), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(hours::min()), nanoseconds::min());
  EXPECT_EQ(to_nanoseconds(Thirds::max()), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<std::uint64_t>(UINT64_MAX)),
            nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(Double(1e18)), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(Double(-1e18)), nanoseconds::min());
  EXPECT_EQ(to_nanoseconds(Float(1e30f)), nanoseconds::max());
}

// The last numbers that fit, and the first that do not.
TEST(ToNanoseconds, SaturatesAtTheVeryEdge) {
  using std::chrono::seconds;
  const auto most = std::chrono::floor<seconds>(nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(most), nanoseconds(most));
  EXPECT_EQ(to_nanoseconds(most + 1s), nanoseconds::max());
  const double edge = std::ldexp(1.0, 63);  // nanoseconds
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  EXPECT_EQ(to_nanoseconds(Nanoseconds(edge)), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(Nanoseconds(std::nextafter(edge, 0))),
            nanoseconds::max() - 1023ns);
  for (double s = edge / 1e9, i = 0; i < 5; s = std::nextafter(s, 0), ++i) {
    EXPECT_GT(to_nanoseconds(Double(s)), nanoseconds::max() - 20us) << i;
    EXPECT_LT(to_nanoseconds(Double(-s)), nanoseconds::min() + 20us) << i;
  }
  for (float s = 9223372036.0f, i = 0; i < 5;
       s = std::nextafter(s, 0.0f), ++i) {
    EXPECT_GT(to_nanoseconds(Float(s)), nanoseconds(9'000'000'000s)) << i;
    EXPECT_LT(to_nanoseconds(Float(-s)), nanoseconds(-9'000'000'000s)) << i;
  }
}

TEST(ToNanoseconds, TakesInfinityAndRefusesNan) {
  EXPECT_EQ(to_nanoseconds(Double(kInfinity)), nanoseconds::max());
  EXPECT_EQ(to_nanoseconds(Double(-kInfinity)), nanoseconds::min());
  EXPECT_THROW(to_nanoseconds(Double(kNan)), ValueError);
  EXPECT_THROW(WaitLimit{Milliseconds(kNan)}, ValueError);
}

TEST(WaitLimit, OfAnyKindIsTheSame) {
  EXPECT_TRUE(WaitLimit(std::nullopt).waits_forever());
  EXPECT_TRUE(WaitLimit(std::optional<nanoseconds>()).waits_forever());
  EXPECT_EQ(WaitLimit(std::optional<nanoseconds>(5ns)).value(), 5ns);
  EXPECT_EQ(WaitLimit(Double(0.1)).value(), 100ms);
  EXPECT_FALSE(WaitLimit(Double(kInfinity)).waits_forever());
  EXPECT_TRUE(WaitLimit(Double(-0.0)).is_poll());
  EXPECT_FALSE(WaitLimit(Double(1e-300)).is_poll());
}

TEST(WaitLimit, InMillisecondsIsRoundedUp) {
  EXPECT_EQ(WaitLimit(0ns).to_milliseconds(), 0);
  EXPECT_EQ(WaitLimit(1ns).to_milliseconds(), 1);
  EXPECT_EQ(WaitLimit(Milliseconds(0.1)).to_milliseconds(), 1);
  EXPECT_EQ(WaitLimit(1ms).to_milliseconds(), 1);
  EXPECT_EQ(WaitLimit(1'000'001ns).to_milliseconds(), 2);
}

TEST(WaitLimit, InMillisecondsNeverMeansForEverUnlessItIs) {
  EXPECT_EQ(WaitLimit().to_milliseconds(), -1);
  EXPECT_EQ(WaitLimit(-1ns).to_milliseconds(), 0);
  EXPECT_EQ(WaitLimit(nanoseconds::min()).to_milliseconds(), 0);
  EXPECT_EQ(WaitLimit(std::chrono::milliseconds(INT_MAX)).to_milliseconds(),
            INT_MAX);
  EXPECT_EQ(
      WaitLimit(std::chrono::milliseconds(INT_MAX) + 1ns).to_milliseconds(),
      INT_MAX);
  EXPECT_EQ(WaitLimit(30 * 24h).to_milliseconds(), INT_MAX);
  EXPECT_EQ(WaitLimit(nanoseconds::max()).to_milliseconds(), INT_MAX);
}

TEST(WaitLimit, AsTimespec) {
  timespec untouched = {-1, -1};
  EXPECT_EQ(WaitLimit().to_timespec(untouched), nullptr);
  EXPECT_EQ(untouched.tv_sec, -1);
  const timespec mixed = as_timespec(1'000'000'001ns);
  EXPECT_EQ(mixed.tv_sec, 1);
  EXPECT_EQ(mixed.tv_nsec, 1);
}

// macOS refuses more, and who waits knows the deadline and waits again.
TEST(WaitLimit, AsTimespecIsAtMostThreeYears) {
  const timespec most = as_timespec(std::chrono::seconds(100'000'000));
  EXPECT_EQ(most.tv_sec, 100'000'000);
  EXPECT_EQ(most.tv_nsec, 0);
  for (const nanoseconds longer :
       {nanoseconds(100'000'000s) + 1ns, nanoseconds::max()}) {
    EXPECT_EQ(as_timespec(longer).tv_sec, 100'000'000);
    EXPECT_EQ(as_timespec(longer).tv_nsec, 0);
  }
}

// The kernel answers EINVAL to a negative number.
TEST(WaitLimit, AsTimespecIsNeverNegative) {
  for (const nanoseconds past : {-1ns, nanoseconds(-1s), nanoseconds::min()}) {
    EXPECT_EQ(as_timespec(past).tv_sec, 0);
    EXPECT_EQ(as_timespec(past).tv_nsec, 0);
  }
}

TEST(WaitLimit, Repr) {
  EXPECT_EQ(WaitLimit().repr(), "forever");
  EXPECT_EQ(WaitLimit(100ms).repr(), "100 ms");
  EXPECT_EQ(WaitLimit(0s).repr(), "0 ns");
}

TEST(Deadline, OfNoTimeoutNeverComes) {
  EXPECT_TRUE(Deadline(std::nullopt).remaining().waits_forever());
}

TEST(Deadline, OfALookHasPassed) {
  for (const nanoseconds past : {0ns, -1ns, nanoseconds::min()}) {
    EXPECT_EQ(Deadline(past).remaining().value(), 0ns);
  }
}

TEST(Deadline, RemainingShrinksToZero) {
  const auto start = std::chrono::steady_clock::now();
  const Deadline deadline(1ms);
  nanoseconds before = 1ms;
  for (;;) {
    const WaitLimit left = deadline.remaining();
    ASSERT_LE(left.value(), before);
    ASSERT_GE(left.value(), 0ns);
    before = left.value();
    if (left.is_poll()) break;
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1ms);
  EXPECT_EQ(deadline.remaining().value(), 0ns);
}

TEST(Deadline, OfAHugeTimeoutIsFarAway) {
  for (const WaitLimit timeout :
       {WaitLimit(nanoseconds::max()), WaitLimit(nanoseconds::max() - 1ns),
        WaitLimit(Double(kInfinity)), WaitLimit(std::chrono::seconds(kHuge))}) {
    const nanoseconds left = Deadline(timeout).remaining().value();
    // The clock may have begun long ago, but not a hundred years.
    EXPECT_GT(left, std::chrono::hours(24 * 365 * 190));
  }
}

}  // namespace
}  // namespace selectors

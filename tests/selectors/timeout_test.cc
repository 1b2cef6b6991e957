#include "selectors/timeout.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <limits>
#include <type_traits>

namespace selectors {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::nanoseconds;

using Float = duration<float>;
using Double = duration<double>;
using Milliseconds = duration<double, std::milli>;
using Thirds = duration<std::int64_t, std::ratio<1, 3>>;
using Picoseconds = duration<std::int64_t, std::pico>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kHuge = 1'000'000'000'000'000'000;

// What can be known when compiling is.
static_assert(to_nanoseconds(1ns) == 1ns);
static_assert(to_nanoseconds(3s) == 3'000'000'000ns);
static_assert(to_nanoseconds(std::chrono::seconds(kHuge)) ==
              nanoseconds::max());
static_assert(Timeout(100ms).value() == 100ms);
static_assert(Timeout().waits_for_ever());
static_assert(!Timeout(0ns).waits_for_ever());
static_assert(Timeout(0ns).only_looks() && Timeout(-1ns).only_looks());
static_assert(!Timeout(1ns).only_looks() && !Timeout().only_looks());
static_assert(Timeout(1500us).to_milliseconds() == 2);

// Python's `select(0.1)` must not compile to something else.
static_assert(!std::is_convertible_v<int, Timeout>);
static_assert(!std::is_convertible_v<long, Timeout>);
static_assert(!std::is_convertible_v<double, Timeout>);
static_assert(!std::is_constructible_v<Timeout, int>);
static_assert(!std::is_constructible_v<Timeout, double>);
static_assert(std::is_convertible_v<std::chrono::hours, Timeout>);
static_assert(std::is_convertible_v<Double, Timeout>);
static_assert(std::is_convertible_v<std::nullopt_t, Timeout>);
static_assert(std::is_convertible_v<std::optional<nanoseconds>, Timeout>);

timespec as_timespec(const Timeout& timeout) {
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
  EXPECT_EQ(to_nanoseconds(duration<unsigned char>(200)), 200s);
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
  EXPECT_EQ(to_nanoseconds(duration<std::uint64_t>(UINT64_MAX)),
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
  using Nanoseconds = duration<double, std::nano>;
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
  EXPECT_THROW(Timeout{Milliseconds(kNan)}, ValueError);
}

TEST(Timeout, OfAnyKindIsTheSame) {
  EXPECT_TRUE(Timeout(std::nullopt).waits_for_ever());
  EXPECT_TRUE(Timeout(std::optional<nanoseconds>()).waits_for_ever());
  EXPECT_EQ(Timeout(std::optional<nanoseconds>(5ns)).value(), 5ns);
  EXPECT_EQ(Timeout(Double(0.1)).value(), 100ms);
  EXPECT_FALSE(Timeout(Double(kInfinity)).waits_for_ever());
  EXPECT_TRUE(Timeout(Double(-0.0)).only_looks());
  EXPECT_FALSE(Timeout(Double(1e-300)).only_looks());
}

TEST(Timeout, InMillisecondsIsRoundedUp) {
  EXPECT_EQ(Timeout(0ns).to_milliseconds(), 0);
  EXPECT_EQ(Timeout(1ns).to_milliseconds(), 1);
  EXPECT_EQ(Timeout(Milliseconds(0.1)).to_milliseconds(), 1);
  EXPECT_EQ(Timeout(1ms).to_milliseconds(), 1);
  EXPECT_EQ(Timeout(1'000'001ns).to_milliseconds(), 2);
}

TEST(Timeout, InMillisecondsNeverMeansForEverUnlessItIs) {
  EXPECT_EQ(Timeout().to_milliseconds(), -1);
  EXPECT_EQ(Timeout(-1ns).to_milliseconds(), 0);
  EXPECT_EQ(Timeout(nanoseconds::min()).to_milliseconds(), 0);
  EXPECT_EQ(Timeout(std::chrono::milliseconds(INT_MAX)).to_milliseconds(),
            INT_MAX);
  EXPECT_EQ(Timeout(std::chrono::milliseconds(INT_MAX) + 1ns).to_milliseconds(),
            INT_MAX);
  EXPECT_EQ(Timeout(30 * 24h).to_milliseconds(), INT_MAX);
  EXPECT_EQ(Timeout(nanoseconds::max()).to_milliseconds(), INT_MAX);
}

TEST(Timeout, AsTimespec) {
  timespec untouched = {-1, -1};
  EXPECT_EQ(Timeout().to_timespec(untouched), nullptr);
  EXPECT_EQ(untouched.tv_sec, -1);
  const timespec mixed = as_timespec(1'000'000'001ns);
  EXPECT_EQ(mixed.tv_sec, 1);
  EXPECT_EQ(mixed.tv_nsec, 1);
}

// macOS refuses more, and who waits knows the deadline and waits again.
TEST(Timeout, AsTimespecIsAtMostThreeYears) {
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
TEST(Timeout, AsTimespecIsNeverNegative) {
  for (const nanoseconds past : {-1ns, nanoseconds(-1s), nanoseconds::min()}) {
    EXPECT_EQ(as_timespec(past).tv_sec, 0);
    EXPECT_EQ(as_timespec(past).tv_nsec, 0);
  }
}

TEST(Timeout, Repr) {
  EXPECT_EQ(Timeout().repr(), "forever");
  EXPECT_EQ(Timeout(100ms).repr(), "100 ms");
  EXPECT_EQ(Timeout(0s).repr(), "0 ns");
}

TEST(Deadline, OfNoTimeoutNeverComes) {
  EXPECT_TRUE(Deadline(std::nullopt).remaining().waits_for_ever());
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
    const Timeout left = deadline.remaining();
    ASSERT_LE(left.value(), before);
    ASSERT_GE(left.value(), 0ns);
    before = left.value();
    if (left.only_looks()) break;
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1ms);
  EXPECT_EQ(deadline.remaining().value(), 0ns);
}

TEST(Deadline, OfAHugeTimeoutIsFarAway) {
  for (const Timeout timeout :
       {Timeout(nanoseconds::max()), Timeout(nanoseconds::max() - 1ns),
        Timeout(Double(kInfinity)), Timeout(std::chrono::seconds(kHuge))}) {
    const nanoseconds left = Deadline(timeout).remaining().value();
    // The clock may have begun long ago, but not a hundred years.
    EXPECT_GT(left, std::chrono::hours(24 * 365 * 190));
  }
}

}  // namespace
}  // namespace selectors

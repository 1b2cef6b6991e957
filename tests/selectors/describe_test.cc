#include "selectors/kernel/describe.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

namespace selectors {
namespace {

using namespace std::chrono_literals;

std::string flags(unsigned long value) {
  static constexpr FlagName kNames[] = {{1, "IN"}, {4, "OUT"}, {16, "HUP"}};
  std::string text;
  append_flags(text, value, kNames);
  return text;
}

std::string duration(std::chrono::nanoseconds value) {
  std::string text;
  append_duration(text, value);
  return text;
}

std::string error(int value) {
  std::string text;
  append_errno(text, value);
  return text;
}

std::string list(int count) {
  const std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::string text;
  append_list(text, items.data(), count,
              [](std::string& out, int item) { append(out, item); });
  return text;
}

TEST(Describe, AppendsWordsAndNumbers) {
  std::string text = "a";
  append(text, "b", std::string("c"), std::string_view("d"), -1, 2u, 'e');
  EXPECT_EQ(text, "abcd-12" + std::to_string('e'));
}

TEST(Describe, Flags) {
  EXPECT_EQ(flags(0), "0");
  EXPECT_EQ(flags(1), "IN");
  EXPECT_EQ(flags(21), "IN|OUT|HUP");
  EXPECT_EQ(flags(2), "0x2");
  EXPECT_EQ(flags(1 | 0xa0), "IN|0xa0");
  EXPECT_EQ(flags(~0ul & ~21ul), "0xffffffffffffffea");
}

TEST(Describe, FlagsAreAppended) {
  static constexpr FlagName kNames[] = {{1, "IN"}};
  std::string text = "5, ";
  append_flags(text, 1, kNames);
  append_flags(text, 0, kNames);
  EXPECT_EQ(text, "5, IN0");
}

TEST(Describe, Durations) {
  EXPECT_EQ(duration(0ns), "0 ns");
  EXPECT_EQ(duration(320ns), "320 ns");
  EXPECT_EQ(duration(999ns), "999 ns");
  EXPECT_EQ(duration(1500ns), "1.5 us");
  EXPECT_EQ(duration(100ms), "100 ms");
  EXPECT_EQ(duration(3s), "3 s");
  EXPECT_EQ(duration(-1500us), "-1.5 ms");
  EXPECT_EQ(duration(1h), "3600 s");
  EXPECT_EQ(duration(1050us), "1.05 ms");
  EXPECT_EQ(duration(9164ns), "9.164 us");
  EXPECT_EQ(duration(996'449'999ns), "996.4 ms");
  EXPECT_EQ(duration(996'450'000ns), "996.5 ms");
  EXPECT_EQ(duration(999'999ns), "1000 us");
  EXPECT_EQ(duration(86'400s), "86400 s");
  EXPECT_EQ(duration(std::chrono::nanoseconds::min()), "-9223372037 s");
}

TEST(Describe, Errnos) {
  EXPECT_EQ(error(EBADF), "EBADF");
  EXPECT_EQ(error(ENOSYS), "ENOSYS");
  EXPECT_EQ(error(ENOSPC), "ENOSPC");
  EXPECT_EQ(error(12345), "errno 12345");
}

TEST(Describe, Lists) {
  EXPECT_EQ(list(-1), "[]");  // what a failed call has filled in
  EXPECT_EQ(list(0), "[]");
  EXPECT_EQ(list(3), "[0, 1, 2]");
  EXPECT_EQ(list(8), "[0, 1, 2, 3, 4, 5, 6, 7]");
  EXPECT_EQ(list(10), "[0, 1, 2, 3, 4, 5, 6, 7, ... 2 more]");
}

}  // namespace
}  // namespace selectors

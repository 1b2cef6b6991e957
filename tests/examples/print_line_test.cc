#include "examples/print_line.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace examples {
namespace {

TEST(PrintLine, LinesOfTwoThreadsNeverMix) {
  const std::string ones(100, '1');
  const std::string twos(200, '2');
  const auto print_often = [](const std::string& line) {
    for (int i = 0; i < 2'000; ++i) print_line(line);
  };

  testing::internal::CaptureStdout();
  std::thread other(print_often, ones);
  print_often(twos);
  other.join();
  std::istringstream printed(testing::internal::GetCapturedStdout());

  std::multiset<std::string> lines;
  for (std::string line; std::getline(printed, line);) lines.insert(line);
  EXPECT_EQ(lines.count(ones), 2'000u);
  EXPECT_EQ(lines.count(twos), 2'000u);
  EXPECT_EQ(lines.size(), 4'000u);
}

}  // namespace
}  // namespace examples

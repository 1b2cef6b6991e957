#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

TEST(Countdown, AnnouncesTheStartCountsAndAnnouncesTheEnd) {
  Program program("countdown", Stdin::kDevNull);
  EXPECT_THAT(program.read_lines(),
              testing::ElementsAre(
                  "main: there is a generator, and nothing has happened yet",
                  "countdown: I begin at 10", "10", "9", "8", "7", "6", "5",
                  "4", "3", "2", "1", "countdown: that is all"));
  EXPECT_THAT(program.read_error_lines(), testing::IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
}

}  // namespace
}  // namespace examples

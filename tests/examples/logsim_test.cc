#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/examples/log_file.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

using Lines = std::vector<std::string>;
using testing::ElementsAre;
using testing::IsEmpty;

// Runs logsim, which appends its lines to the file.
void simulate(const LogFile& log, const char* count, const char* seed) {
  Program program("logsim", Stdin::kDevNull,
                  {"", {}, {log.path(), count, "0", seed}});
  EXPECT_THAT(program.read_lines(), IsEmpty());
  EXPECT_THAT(program.read_error_lines(), IsEmpty());
  EXPECT_EQ(program.wait().status, 0);
}

TEST(Logsim, WritesLinesInTheCommonLogFormat) {
  const LogFile log("logsim");
  simulate(log, "100", "1");
  const Lines lines = log.lines();
  EXPECT_EQ(lines.size(), 100u);
  EXPECT_THAT(
      lines,
      testing::Each(testing::MatchesRegex(
          "192\\.0\\.2\\.[0-9]+ - - \\[24/Feb/2008:00:[0-9:]+ \\+0000\\] "
          "\"GET [^ ]+ HTTP/1\\.1\" [0-9]+ [0-9]+")));
}

TEST(Logsim, TheSameSeedMakesTheSameLines) {
  const LogFile one("logsim_one"), same("logsim_same"), other("logsim_other");
  simulate(one, "20", "7");
  simulate(same, "20", "7");
  simulate(other, "20", "8");
  EXPECT_EQ(one.lines(), same.lines());
  EXPECT_NE(one.lines(), other.lines());
}

TEST(Logsim, Appends) {
  const LogFile log("logsim_appends");
  log.append("before\n");
  simulate(log, "2", "1");
  EXPECT_EQ(log.lines().size(), 3u);
  EXPECT_EQ(log.lines().front(), "before");
}

TEST(Logsim, GoesOnUntilControlC) {
  const LogFile log("logsim_goes_on");
  Program program("logsim", Stdin::kTerminal, {"", {}, {log.path(), "0", "0"}});
  while (log.lines().size() < 10) {
  }
  program.interrupt();
  EXPECT_EQ(program.wait().status, 128 + SIGINT);
}

TEST(Logsim, ReportsWhatItCannotWrite) {
  Program full("logsim", Stdin::kDevNull, {"", {}, {"/dev/full", "1", "0"}});
  EXPECT_THAT(full.read_error_lines(),
              ElementsAre("/dev/full: No space left on device"));
  EXPECT_EQ(full.wait().status, 1);
  Program folder("logsim", Stdin::kDevNull, {"", {}, {"/", "1", "0"}});
  EXPECT_THAT(folder.read_error_lines(), ElementsAre("/: Is a directory"));
  EXPECT_EQ(folder.wait().status, 1);
}

TEST(Logsim, BadArguments) {
  for (const Lines& arguments :
       {Lines{"f", "x"}, {"f", "1", "-1"}, {"f", "1", "1", "1", "1"}}) {
    Program program("logsim", Stdin::kDevNull, {"", {}, arguments});
    EXPECT_THAT(
        program.read_error_lines(),
        ElementsAre("usage: logsim [FILE [COUNT [MILLISECONDS [SEED]]]]"));
    EXPECT_EQ(program.wait().status, 2);
  }
}

}  // namespace
}  // namespace examples

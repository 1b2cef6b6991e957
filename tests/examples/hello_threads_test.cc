#include <gtest/gtest.h>

#include "tests/examples/hello_suite.h"
#include "tests/examples/input_suite.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

// hello_threads uses no selector, so there is no choice of backends.
const auto kRuns = testing::Values(Run{"hello_threads", ""});

INSTANTIATE_TEST_SUITE_P(HelloThreads, InputSuite, kRuns);
INSTANTIATE_TEST_SUITE_P(HelloThreads, HelloSuite, kRuns);

// The advantage over the programs with one thread.
TEST(HelloThreads, HelloGoesOnDuringAComputation) {
  Program program("hello_threads", Stdin::kPipe);
  program.write("93\n");
  program.read_error_line();
  for (int hello = 0; hello < 2; ++hello) {
    EXPECT_TRUE(program.read_line().ends_with(" - Hello world!"));
  }
}

}  // namespace
}  // namespace examples

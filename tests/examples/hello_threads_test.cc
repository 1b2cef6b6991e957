#include <gtest/gtest.h>

#include <vector>

#include "tests/examples/hello_suite.h"
#include "tests/examples/input_suite.h"
#include "tests/examples/run_program.h"

namespace examples {
namespace {

// hello_threads uses no selector, so there is no choice of backends.
const Run kRun = {"hello_threads", ""};

INSTANTIATE_TEST_SUITE_P(HelloThreads, InputSuite, testing::Values(kRun));
INSTANTIATE_TEST_SUITE_P(HelloThreads, HelloSuite,
                         testing::Values(std::vector{kRun}));

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

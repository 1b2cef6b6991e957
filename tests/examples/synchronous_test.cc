#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

TEST(Synchronous, FComesBeforeGWhateverTheInput) {
  for (const Stdin kind :
       {Stdin::kTerminal, Stdin::kPipe, Stdin::kFile, Stdin::kDevNull}) {
    SCOPED_TRACE(kind);
    Program program("synchronous", kind);
    EXPECT_THAT(program.read_lines(), testing::ElementsAre("in f()", "in g()"));
    EXPECT_EQ(program.wait().status, 0);
  }
}

}  // namespace
}  // namespace examples

#include "examples/log_execution_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "tests/examples/run_program.h"

namespace examples {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

// Returns the output of `call`.
template <class Call>
std::string printed_by(Call call) {
  testing::internal::CaptureStdout();
  call();
  return testing::internal::GetCapturedStdout();
}

const auto kOneLine =
    MatchesRegex("Executing it took [0-9]+\\.[0-9][0-9][0-9] seconds\\.\n");

TEST(LogExecutionTime, ReturnsWhatTheFunctionReturns) {
  auto twice = log_execution_time("it", [](int n) { return 2 * n; });
  EXPECT_THAT(printed_by([&] { EXPECT_EQ(twice(21), 42); }), kOneLine);
}

TEST(LogExecutionTime, FunctionsThatReturnNothingOrAReference) {
  int n = 0;
  auto set = log_execution_time("it", [](int& i) { i = 1; });
  auto same = log_execution_time("it", [](int& i) -> int& { return i; });
  EXPECT_THAT(printed_by([&] { set(n); }), kOneLine);
  EXPECT_EQ(n, 1);
  EXPECT_THAT(printed_by([&] { EXPECT_EQ(&same(n), &n); }), kOneLine);
}

TEST(LogExecutionTime, ArgumentsAndFunctionsThatCannotBeCopied) {
  auto take = log_execution_time(
      "it", [mine = std::make_unique<int>(1)](std::unique_ptr<int> yours) {
        return *mine + *yours;
      });
  const auto call = [&] { EXPECT_EQ(take(std::make_unique<int>(2)), 3); };
  EXPECT_THAT(printed_by(call), kOneLine);
}

TEST(LogExecutionTime, FunctionsThatChange) {
  auto count = log_execution_time("it", [n = 0]() mutable { return ++n; });
  printed_by([&] {
    EXPECT_EQ(count(), 1);
    EXPECT_EQ(count(), 2);
  });
}

TEST(LogExecutionTime, Members) {
  auto size = log_execution_time("it", &std::string::size);
  printed_by([&] { EXPECT_EQ(size(std::string("four")), 4u); });
}

TEST(LogExecutionTime, AnExceptionPassesAndIsTimed) {
  auto fail = log_execution_time("it", [] { throw std::logic_error("no"); });
  const auto call = [&] { EXPECT_THROW(fail(), std::logic_error); };
  EXPECT_THAT(printed_by(call), kOneLine);
}

TEST(LogExecutionTime, Program) {
  Program program("log_execution_time", Stdin::kDevNull);
  EXPECT_THAT(
      program.read_lines(),
      ElementsAre(MatchesRegex("Executing count took [0-9.]+ seconds\\."),
                  MatchesRegex("Executing sort took [0-9.]+ seconds\\."),
                  "The smallest is 1."));
  EXPECT_EQ(program.wait().status, 0);
}

}  // namespace
}  // namespace examples

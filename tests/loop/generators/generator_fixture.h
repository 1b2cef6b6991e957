// Helpers of all suites of generators.

#ifndef TESTS_LOOP_GENERATORS_GENERATOR_FIXTURE_H_
#define TESTS_LOOP_GENERATORS_GENERATOR_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "loop/generators/generator.h"
#include "selectors/errors.h"
#include "tests/support/allocations.h"

namespace loop {

using selectors::RuntimeError;
using selectors::ValueError;
using testing::ElementsAre;
using testing::IsEmpty;

// The exception of code that fails.
struct Mistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Counts how many there are: one in a generator tells whether its call is over.
struct Counted {
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  static inline int alive = 0;
};

// Notes that it goes, as a `finally` would.
class Finally {
 public:
  Finally(std::vector<std::string>& log, std::string text)
      : log_(log), text_(std::move(text)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { log_.push_back(text_); }

 private:
  std::vector<std::string>& log_;
  const std::string text_;
};

// Checks that the test leaves no frame and no object behind.
class GeneratorTest : public testing::Test {
 protected:
  ~GeneratorTest() override {
    log_ = std::vector<std::string>();  // With its memory.
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_EQ(tests::allocations_held(), held_);
  }

  void log(std::string text) { log_.push_back(std::move(text)); }

  // The names of Python's tests tell what is logged: who does what, in order.
  std::vector<std::string> log_;

 private:
  const std::size_t held_ = tests::allocations_held();
};

// The message of the Exception that `function` throws.
template <class Exception, class F>
std::string message_of(F function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  } catch (...) {
    return "something else";
  }
  return "nothing thrown";
}

}  // namespace loop

#endif  // TESTS_LOOP_GENERATORS_GENERATOR_FIXTURE_H_

// What the suites of futures share.

#ifndef TESTS_LOOP_FUTURES_FUTURE_FIXTURE_H_
#define TESTS_LOOP_FUTURES_FUTURE_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "loop/callbacks/source_location.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "selectors/poll_selector.h"
#include "tests/loop/loop_fixture.h"

namespace loop {

// A loop in fake time; what its exception handler is told fails the test.
class FutureTest : public ::testing::Test {
 protected:
  template <class T>
  Future<T> make(SourceLocation where = SourceLocation::current()) {
    return create_future<T>(f_.loop, where);
  }

  FakeTimeLoop f_{std::make_unique<selectors::PollSelector>()};
};

// The time after which a test counts as hanging.
inline constexpr std::chrono::seconds kGenerous{20};

// What somebody does wrong.
struct Mistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The message of the CancelledError that `function` throws.
template <class F>
std::string cancelled_with(F function) {
  try {
    function();
  } catch (const CancelledError& error) {
    return error.what();
  }
  return "not cancelled";
}

// Counts how many there are, in whichever thread.
struct Counted {
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  static inline std::atomic<int> alive = 0;
};

}  // namespace loop

#endif  // TESTS_LOOP_FUTURES_FUTURE_FIXTURE_H_

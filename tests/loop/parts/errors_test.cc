// The exceptions of the loop, as a user names them.

#include "loop/futures/errors.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

#include "loop/callbacks/callbacks.h"
#include "selectors/errors.h"

namespace {

static_assert(std::is_same_v<loop::ValueError, selectors::ValueError>);
static_assert(std::is_same_v<loop::RuntimeError, selectors::RuntimeError>);
static_assert(std::is_same_v<loop::OSError, std::system_error>);
static_assert(std::is_base_of_v<std::runtime_error, loop::TimeoutError>);
static_assert(std::is_base_of_v<loop::RuntimeError, loop::InvalidStateError>);

TEST(ErrorsTest, OfTheLoopAreCaughtByItsNamespace) {
  std::string caught;
  try {
    loop::get_running_loop();
  } catch (const loop::RuntimeError& error) {
    caught = error.what();
  }
  EXPECT_EQ(caught, "no running event loop");

  loop::EventLoop event_loop;
  const std::chrono::duration<double> nan(
      std::numeric_limits<double>::quiet_NaN());
  EXPECT_THROW(event_loop.call_later(nan, [] {}), loop::ValueError);
}

}  // namespace

// What DefaultSelector chooses, by SELECTORS_BACKEND and by what the kernel
// has.

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>

#include "selectors/default_selector.h"
#include "selectors/kernel/call.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace selectors {
namespace {

using tests::FaultInjector;

// Counts the calls of one name.
FaultInjector::Predicate to(const char* name) {
  return [name](const kernel::Call& call) {
    return FaultInjector::is(call, name);
  };
}

class DefaultSelectorEnvTest : public tests::NoLeak {
 protected:
  // The test may have been started with one of its own.
  void SetUp() override {
    NoLeak::SetUp();
    ::unsetenv("SELECTORS_BACKEND");
  }
  void TearDown() override {
    ::unsetenv("SELECTORS_BACKEND");
    NoLeak::TearDown();
  }

  static std::string_view chosen(const char* backend) {
    ::setenv("SELECTORS_BACKEND", backend, 1);
    return DefaultSelector().name();
  }
};

TEST_F(DefaultSelectorEnvTest, TheBestIfNothingIsSaid) {
  EXPECT_EQ(DefaultSelector().name(), "EpollSelector");
  EXPECT_EQ(chosen(""), "EpollSelector");
}

TEST_F(DefaultSelectorEnvTest, TheOneThatIsNamed) {
  EXPECT_EQ(chosen("epoll"), "EpollSelector");
  EXPECT_EQ(chosen("poll"), "PollSelector");
  EXPECT_EQ(chosen("select"), "SelectSelector");
}

TEST_F(DefaultSelectorEnvTest, AnUnknownNameIsAValueError) {
  for (const char* name : {"kqueue", "devpoll", "EPOLL", "epoll ", "x"}) {
    try {
      chosen(name);
      ADD_FAILURE() << name << " was accepted";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.what(),
                "SELECTORS_BACKEND=" + std::string(name) +
                    ": no such selector here; choose one of epoll, poll, "
                    "select");
    }
  }
}

TEST_F(DefaultSelectorEnvTest, ANamedOneThatFailsIsNotReplaced) {
  const FaultInjector no_epoll(1, ENOSYS, to("epoll_create1"));
  try {
    chosen("epoll");
    ADD_FAILURE() << "was replaced";
  } catch (const OSError& error) {
    EXPECT_EQ(error.code().value(), ENOSYS);
  }
}

// A sandbox may answer either.
TEST_F(DefaultSelectorEnvTest, WithoutEpollItIsPoll) {
  for (const int error : {ENOSYS, EPERM}) {
    const FaultInjector no_epoll(1, error, to("epoll_create1"));
    EXPECT_EQ(DefaultSelector().name(), "PollSelector");
    EXPECT_TRUE(no_epoll.fired());
  }
}

TEST_F(DefaultSelectorEnvTest, WithoutEpollAndPollItIsSelect) {
  for (const int error : {ENOSYS, EPERM}) {
    const FaultInjector no_epoll(1, error, to("epoll_create1"));
    const FaultInjector no_poll(1, error, to("poll"));
    EXPECT_EQ(DefaultSelector().name(), "SelectSelector");
    EXPECT_TRUE(no_poll.fired());
  }
}

// What epoll_create1() says when there is something wrong with the program, or
// with the moment, is for the caller to know.
TEST_F(DefaultSelectorEnvTest, OtherErrorsAreThrown) {
  for (const int error : {EMFILE, ENFILE, ENOMEM}) {
    const FaultInjector full(1, error, to("epoll_create1"));
    try {
      DefaultSelector selector;
      ADD_FAILURE() << "chose " << selector.name() << " at " << error;
    } catch (const OSError& thrown) {
      EXPECT_EQ(thrown.code().value(), error);
      EXPECT_EQ(std::string(thrown.what()).find("epoll_create1"), 0u);
    }
  }
}

// Chosen otherwise, it works like any other.
TEST_F(DefaultSelectorEnvTest, TheSubstituteWorks) {
  const FaultInjector no_epoll(1, ENOSYS, to("epoll_create1"));
  DefaultSelector selector;
  const tests::Pipe pipe;
  pipe.writer.write("x");
  selector.register_(pipe.reader, EVENT_READ, 17);
  const auto ready = selector.select();
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(std::any_cast<int>(ready[0].key.data), 17);
  EXPECT_THROW(selector.fileno(), ValueError);
}

}  // namespace
}  // namespace selectors

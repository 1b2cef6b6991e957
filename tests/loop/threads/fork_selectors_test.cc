// Selectors in a child of fork(), before and after after_fork_in_child().

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "selectors/errors.h"
#include "tests/loop/threads/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::EVENT_READ;
using selectors::EVENT_WRITE;
using selectors::RuntimeError;

class ForkKernelObjectTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(
    Selectors, ForkKernelObjectTest,
    ::testing::Values(
        tests::selector_kind<selectors::EpollSelector>("EpollSelector"),
        tests::selector_kind<selectors::KqueueSelector>("KqueueSelector"),
        tests::selector_kind<selectors::DevpollSelector>("DevpollSelector")),
    tests::name_of);

TEST_P(ForkKernelObjectTest, OfTheParentIsNotChanged) {
  const auto selector = make_selector();
  const tests::Pipe pipe, other;
  selector->register_(pipe.reader, EVENT_READ);
  expect_in_child([&] {
    EXPECT_THROW(selector->register_(other.reader, EVENT_READ), RuntimeError);
    EXPECT_THROW(selector->modify(pipe.reader, EVENT_WRITE), RuntimeError);
    EXPECT_THROW(selector->reregister(pipe.reader, EVENT_READ), RuntimeError);
    EXPECT_THROW(selector->select(0s), RuntimeError);
    EXPECT_EQ(selector->get_map()->size(), 1u);
    EXPECT_EQ(selector->get_key(pipe.reader).events, EVENT_READ);
    selector->unregister(pipe.reader);
    EXPECT_TRUE(selector->get_map()->empty());
    // With what is left it can begin again.
    selector->after_fork_in_child();
    selector->register_(other.reader, EVENT_READ);
    other.writer.write("x");
    EXPECT_EQ(selector->select(0s).size(), 1u);
    pipe.writer.write("x");
    EXPECT_EQ(selector->select(0s).size(), 1u);
  });
  EXPECT_EQ(selector->select(0s).size(), 1u);
}

TEST_P(ForkKernelObjectTest, OfTheParentSurvivesCloseAndDestructor) {
  for (const bool closes : {false, true}) {
    auto selector = make_selector();
    const tests::Pipe pipe;
    selector->register_(pipe.reader, EVENT_READ);
    expect_in_child([&] {
      if (closes) selector->close();
      selector.reset();
    });
    pipe.writer.write("x");
    EXPECT_EQ(selector->select(0s).size(), 1u);
  }
}

TEST_P(ForkKernelObjectTest, TheErrorNamesWhatToCall) {
  const auto selector = make_selector();
  expect_in_child([&] {
    try {
      selector->select(0s);
      ADD_FAILURE();
    } catch (const RuntimeError& error) {
      EXPECT_NE(std::string(error.what()).find("after_fork_in_child()"),
                std::string::npos);
    }
  });
}

class ForkNoKernelObjectTest : public tests::NoLeak,
                               public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(
    Selectors, ForkNoKernelObjectTest,
    ::testing::Values(
        tests::selector_kind<selectors::SelectSelector>("SelectSelector"),
        tests::selector_kind<selectors::PollSelector>("PollSelector")),
    tests::name_of);

// As in Python: the child has a copy of all that there is.
TEST_P(ForkNoKernelObjectTest, WorksInTheChildAsItIs) {
  const auto selector = make_selector();
  const tests::Pipe pipe, other;
  selector->register_(pipe.reader, EVENT_READ);
  expect_in_child([&] {
    selector->register_(other.reader, EVENT_READ);
    pipe.writer.write("x");
    EXPECT_EQ(selector->select(0s).size(), 1u);
    other.writer.write("x");
    EXPECT_EQ(selector->select(0s).size(), 2u);
    selector->modify(pipe.reader, EVENT_WRITE);
    selector->modify(pipe.reader, EVENT_READ);
    selector->reregister(pipe.reader, EVENT_READ);
    EXPECT_EQ(selector->select(0s).size(), 2u);
    selector->unregister(pipe.reader);
    EXPECT_EQ(selector->select(0s).size(), 1u);
    selector->after_fork_in_child();  // Allowed, and changes nothing.
    EXPECT_EQ(selector->select(0s).size(), 1u);
    selector->close();
  });
  EXPECT_EQ(selector->select(0s).size(), 1u);
}

}  // namespace
}  // namespace loop

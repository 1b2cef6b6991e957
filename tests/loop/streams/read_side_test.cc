// A stream between two reads: its handler is still with the loop, and no task
// waits.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <new>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/sockets/readiness.h"
#include "loop/streams/stream_reader.h"
#include "loop/tasks/sleep.h"
#include "selectors/errors.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/allocations.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using selectors::RuntimeError;

class ReadSideTest : public StreamTest {
 protected:
  // Makes a stream in which a read has waited and ended.
  void SetUp() override {
    StreamTest::SetUp();
    open();
    EXPECT_EQ(read_one_later(), "a");
  }

  // Reads a byte that arrives while the task waits.
  std::string read_one_later() {
    const auto task = start(reader().read(1));
    turn();
    EXPECT_FALSE(task.done());
    peer_.write("a");
    return run_until_complete(task);
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, ReadSideTest, tests::all_selectors(),
                         tests::name_of);

// Without a handler, and with nothing to wait for, an iteration makes no call.
TEST_P(ReadSideTest, BytesThatNobodyReadsAreReportedOnce) {
  peer_.write("bc");
  turn();
  {
    tests::CallCounter calls;
    loop_->call_soon([] {});
    turn(1);
    EXPECT_TRUE(calls.names().empty());
  }
  EXPECT_EQ(run(reader().read(1)), "b");
  EXPECT_EQ(run(reader().read(1)), "c");
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, IsDestroyed) {
  stream_.reset();
  turn();
  open();  // It gets the same number.
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, OutlivesItsLoop) {
  loop_->close();
  loop_.emplace(make_selector());
  EXPECT_THROW(run(reader().read(1)), RuntimeError);
}

// The destructor of a callback that the loop destroys may close the stream.
TEST_P(ReadSideTest, IsDestroyedByALoopThatCloses) {
  loop_->add_signal_handler(SIGUSR1, [stream = *stream_] {});
  stream_.reset();
  loop_->close();
  EXPECT_EQ(peer_.read(), "") << "the stream is closed";
}

TEST_P(ReadSideTest, AnotherWaitForTheDescriptorReplacesIt) {
  const auto task = start(readable(writer().fileno()));
  turn();
  peer_.write("b");
  run_until_complete(task);
  EXPECT_EQ(run(reader().read(1)), "b");
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, ItsHandlerIsRemoved) {
  EXPECT_TRUE(loop_->remove_reader(writer().fileno()));
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, ItsHandlerIsRemovedDuringARead) {
  const auto task = start(reader().read(1));
  turn();
  loop_->remove_reader(writer().fileno());
  EXPECT_THROW(run_until_complete(task), RuntimeError);
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, ItsHandlerIsReplaced) {
  loop_->add_reader(writer().fileno(), [] {});
  EXPECT_THROW(run(reader().read(1)), RuntimeError);
  loop_->remove_reader(writer().fileno());
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, ACancelledReadLeavesItIdle) {
  const auto task = start(reader().read(1));
  turn();
  task.cancel();
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(read_one_later(), "a");
}

// Bytes arrive between the request to cancel a read and the step that throws.
TEST_P(ReadSideTest, BytesAfterACancelStay) {
  const auto task = start(reader().read(1));
  turn();
  loop_->call_soon([&] { task.cancel(); });
  peer_.write("b");
  EXPECT_THROW(run_until_complete(task), CancelledError);
  EXPECT_EQ(run(reader().read(1)), "b");
}

TEST_P(ReadSideTest, AnotherWaitDuringAReadIsRefused) {
  const auto task = start(reader().read(1));
  turn();
  EXPECT_THROW(run(readable(writer().fileno())), RuntimeError);
  peer_.write("b");
  EXPECT_EQ(run_until_complete(task), "b");
}

TEST_P(ReadSideTest, AReadDuringAnotherWaitIsRefused) {
  const auto task = start(readable(writer().fileno()));
  turn();
  EXPECT_THROW(run(reader().read(1)), RuntimeError);
  task.cancel();
  turn();
  EXPECT_EQ(read_one_later(), "a");
}

TEST_P(ReadSideTest, ReadsThatRunOutOfMemoryCanBeRepeated) {
  const auto fails = [&](auto operation) {
    const tests::FailingAllocations failing;
    try {
      for (;;) loop_->call_soon([] {});
    } catch (const std::bad_alloc&) {
    }
    EXPECT_THROW(operation(), std::bad_alloc);
  };
  const auto task = start(reader().read(1));
  turn();
  fails([&] { task.cancel(); });
  turn();
  EXPECT_FALSE(task.done());
  peer_.write("b");
  EXPECT_EQ(run_until_complete(task), "b");
  EXPECT_EQ(read_one_later(), "a");
}

// The request to cancel finds no memory when it meets the read.
TEST_P(ReadSideTest, AReadThatCannotBeginLeavesItIdle) {
  bool has_failed = false;
  const auto body = [&]() -> Coroutine<> {
    auto read = reader().read(1);  // Lives on.
    current_task().cancel();
    {
      const tests::FailingAllocations failing;
      try {
        for (;;) loop_->call_soon([] {});
      } catch (const std::bad_alloc&) {
      }
      try {
        co_await read;
      } catch (const std::bad_alloc&) {
        has_failed = true;
      }
    }
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
    }
    co_await sleep(1h);
  };
  const auto task = start(body());
  turn();
  EXPECT_TRUE(has_failed);
  EXPECT_EQ(read_one_later(), "a");
  EXPECT_FALSE(task.done());
  task.cancel();
  turn();
}

// A later read must not continue behind bytes that were lost.
TEST_P(ReadSideTest, BytesThatCannotBeKeptEndTheStream) {
  const std::string all =
      "The bytes of two writes, each of which is longer than the part of a "
      "string that needs no memory.";
  for (const std::size_t size : {1, 40}) {
    bool has_ended = false;
    for (tests::EachShortage shortage; shortage.next();) {
      open();
      const auto task = start(reader().read(size));
      turn();
      peer_.write(all.substr(0, 50));
      shortage.survives([&] { turn(1); });
      peer_.write(all.substr(50));
      peer_.close();
      std::string got;
      const auto add = [&](auto read) {
        try {
          got += read();
        } catch (const std::bad_alloc&) {
          has_ended = true;
        }
      };
      add([&] { return run_until_complete(task); });
      for (int i = 0; i < 3; ++i) add([&] { return run(reader().read(size)); });
      EXPECT_TRUE(all.starts_with(got)) << got;
    }
    EXPECT_TRUE(has_ended);
  }
}

// The report of a slow callback names the `co_await` that it ended, also if the
// reading side was idle when debug mode began.
TEST_P(ReadSideTest, DebugModeNamesTheLineOfTheWait) {
  loop_->set_debug(true);
  loop_->set_slow_callback_duration(0ns);
  std::vector<unsigned> lines;
  const auto body = [&](StreamReader from) -> Coroutine<> {
    lines.push_back(__LINE__ + 1);
    co_await from.read(1);
    lines.push_back(__LINE__ + 1);
    co_await from.read(1);
  };
  testing::internal::CaptureStderr();
  const auto task = start(body(reader()));
  turn();
  peer_.write("b");
  turn();
  peer_.write("c");
  turn();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(task.done());
  for (const unsigned line : lines) {
    const std::string place = "read_side_test.cc:" + std::to_string(line);
    EXPECT_NE(log.find(place), std::string::npos) << log;
  }
}

}  // namespace
}  // namespace loop

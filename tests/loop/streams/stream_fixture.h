// The base of the suites of streams.

#ifndef TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_
#define TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/sockets/socket.h"
#include "loop/streams/streams.h"
#include "tests/loop/selector_loop_fixture.h"
#include "tests/support/files.h"

namespace loop {

// A stream whose peer is a plain descriptor. Each test says what the exception
// handler of the loop gets.
class StreamTest : public SelectorLoopTest {
 protected:
  void SetUp() override {
    SelectorLoopTest::SetUp();
    loop_->set_exception_handler(
        [this](EventLoop&, const ExceptionContext& context) {
          reports_.push_back(context.message);
        });
  }
  void TearDown() override {
    EXPECT_EQ(reports_, expected_reports_);
    peer_.close();
    stream_.reset();
    SelectorLoopTest::TearDown();
  }

  // Makes stream_ and peer_.
  void open(std::size_t limit = StreamReader::kDefaultLimit) {
    tests::SocketPair pair;
    peer_ = std::move(pair.second);
    stream_.emplace(
        make_stream(*loop_, Socket::from_fd(pair.first.release()), limit));
  }
  const StreamReader& reader() { return stream_->reader; }
  const StreamWriter& writer() { return stream_->writer; }

  tests::File peer_;
  std::optional<Stream> stream_;
  std::vector<std::string> reports_;
  std::vector<std::string> expected_reports_;
};

}  // namespace loop

#endif  // TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_

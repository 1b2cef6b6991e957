// The base of the suites of streams.

#ifndef TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_
#define TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/coroutines/awaitable.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/future.h"
#include "loop/sockets/socket.h"
#include "loop/streams/streams.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {

// A loop with the selector of the parameter, and a stream whose peer is a plain
// descriptor. Each test says what the exception handler gets.
class StreamTest : public tests::NoLeak, public tests::PerSelector {
 protected:
  void SetUp() override {
    NoLeak::SetUp();
    loop_.emplace(make_selector());
    loop_->set_exception_handler(
        [this](EventLoop&, const ExceptionContext& context) {
          reports_.push_back(context.message);
        });
  }
  void TearDown() override {
    EXPECT_EQ(reports_, expected_reports_);
    peer_.close();
    stream_.reset();
    loop_.reset();
    NoLeak::TearDown();
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

  template <class A>
  auto start(A awaitable) {
    if constexpr (IsCoroutine<A>) {
      return create_task(*loop_, std::move(awaitable));
    } else {
      return create_task(*loop_, as_coroutine(std::move(awaitable)));
    }
  }
  template <class A>
  auto run(A awaitable) {
    return run_until_complete(start(std::move(awaitable)));
  }
  // Lets the tasks run until they wait.
  void turn(int count = 3) {
    for (int i = 0; i < count; ++i) loop_->run_once(std::chrono::seconds(0));
  }

  // The errno of an OSError of `awaitable`; 0 if it throws none.
  template <class A>
  int error_of(A awaitable) {
    try {
      run(std::move(awaitable));
    } catch (const OSError& error) {
      return error.code().value();
    }
    return 0;
  }

  std::optional<EventLoop> loop_;
  tests::File peer_;
  std::optional<Stream> stream_;
  std::vector<std::string> reports_;
  std::vector<std::string> expected_reports_;
};

}  // namespace loop

#endif  // TESTS_LOOP_STREAMS_STREAM_FIXTURE_H_

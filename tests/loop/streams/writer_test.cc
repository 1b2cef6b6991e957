// StreamWriter. Tests of CPython's test_streams.py, test_selector_events.py and
// test_transports.py keep their names.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/streams/stream_writer.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/allocations.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

using tests::FaultInjector;

const std::string kMuch(1 << 20, 'x');  // More than a socket takes.

FaultInjector::Predicate is_send() {
  return [](const auto& call) { return FaultInjector::is(call, "send"); };
}

class WriterTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    open();
  }
  std::string received() const { return peer_.read(1 << 22); }

  // Reads all that the peer gets, until nothing is unsent.
  std::string receive_all() {
    std::string all;
    for (int quiet = 0; quiet < 3;) {
      const std::string more = received();
      all += more;
      quiet = more.empty() ? quiet + 1 : 0;
      turn(1);
    }
    return all;
  }
  // Writes until the kernel takes no more.
  void fill() {
    while (writer().get_write_buffer_size() == 0) writer().write(kMuch);
  }
  bool peer_is_at_end() const {
    char byte;
    return ::recv(peer_.fileno(), &byte, 1, MSG_PEEK) == 0;
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, WriterTest, tests::all_selectors(),
                         tests::name_of);

// ---- write() ----

TEST_P(WriterTest, WriteSendsAtOnce) {
  writer().write("hello");
  EXPECT_EQ(received(), "hello") << "without an iteration";
  EXPECT_EQ(writer().get_write_buffer_size(), 0u);
  tests::CallCounter calls;
  writer().write("");
  EXPECT_EQ(calls.count(), 0u);
}

TEST_P(WriterTest, WriteKeepsTheRest) {
  writer().write(kMuch);
  writer().write("end");
  EXPECT_GT(writer().get_write_buffer_size(), 0u);
  EXPECT_EQ(receive_all(), kMuch + "end");
  EXPECT_EQ(writer().get_write_buffer_size(), 0u);
  EXPECT_FALSE(loop_->remove_writer(writer().fileno())) << "no busy writer";
}

TEST_P(WriterTest, WritePartial) {
  struct SendTwo : selectors::kernel::Interceptor {
    std::optional<selectors::kernel::Word> enter(
        const selectors::kernel::Call& call) override {
      if (!FaultInjector::is(call, "send")) return std::nullopt;
      return ::send(static_cast<int>(call.args[0]),
                    reinterpret_cast<const void*>(call.args[1]), 2,
                    MSG_NOSIGNAL);
    }
    void leave(const selectors::kernel::Call&) override {}
  } two;
  writer().write("abcdef");
  EXPECT_EQ(writer().get_write_buffer_size(), 4u);
  EXPECT_EQ(receive_all(), "abcdef");
}

TEST_P(WriterTest, WriteTryAgain) {
  FaultInjector again(1, EINTR, is_send());
  writer().write("abc");
  EXPECT_EQ(receive_all(), "abc");
}

// A range whose elements are temporaries: each is a character, a hundred times.
class Repeated {
 public:
  struct Iterator {
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    std::string operator*() const { return std::string(100, *at); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    void operator++(int) { ++at; }
    bool operator==(const Iterator&) const = default;
    const char* at = nullptr;
  };
  explicit Repeated(std::string_view characters) : characters_(characters) {}
  Iterator begin() const { return {characters_.data()}; }
  Iterator end() const { return {characters_.data() + characters_.size()}; }

 private:
  std::string_view characters_;
};

TEST_P(WriterTest, Writelines) {
  using namespace std::literals;
  writer().writelines({"a"sv, ""sv, "b"sv});
  writer().writelines(std::vector<std::string>{"c", "d"});
  writer().writelines(std::vector<std::string>{});
  writer().writelines(Repeated("ef"));
  EXPECT_EQ(received(), "abcd" + std::string(100, 'e') + std::string(100, 'f'));
}

TEST_P(WriterTest, WritelinesIsOneSystemCall) {
  tests::CallCounter calls;
  writer().writelines(std::vector<std::string>(100, "line\n"));
  EXPECT_EQ(calls.count(), 1u);
}

// gh-155888: an empty last piece was never written, and close() never ended.
TEST_P(WriterTest, WritelinesWithAnEmptyLastPiece) {
  fill();
  received();
  writer().writelines(std::vector<std::string>{"end", ""});
  writer().close();
  const std::string all = receive_all();
  EXPECT_EQ(all.substr(all.size() - 3), "end");
  EXPECT_TRUE(peer_is_at_end());
}

// gh-127655
TEST_P(WriterTest, WritelinesPausesWriting) {
  writer().writelines(std::vector<std::string>{kMuch, kMuch});
  const auto drains = start(writer().drain());
  turn();
  EXPECT_FALSE(drains.done());
  receive_all();
  EXPECT_TRUE(drains.done());
}

// gh-146507
TEST_P(WriterTest, TheSizeOfTheBufferCountsEachPiece) {
  fill();
  const std::size_t before = writer().get_write_buffer_size();
  for (int i = 0; i < 10'000; ++i) writer().write("ab");
  writer().writelines(std::vector<std::string>(10'000, "c"));
  EXPECT_EQ(writer().get_write_buffer_size(), before + 30'000);
  receive_all();
  EXPECT_EQ(writer().get_write_buffer_size(), 0u);
}

// ---- drain() ----

// gh-156512: there, resume_writing() closes the transport.
TEST_P(WriterTest, ATaskThatDrainsMayEndTheConnection) {
  for (const bool aborts : {false, true}) {
    open();
    fill();
    const auto drain_and_end = [aborts](StreamWriter to) -> Coroutine<> {
      co_await to.drain();
      aborts ? to.abort() : to.close();
      co_await to.wait_closed();
    };
    const auto task = start(drain_and_end(writer()));
    const auto other = start(writer().drain());
    turn();
    EXPECT_FALSE(task.done());
    receive_all();
    turn();
    task.result();
    other.result();
    EXPECT_EQ(error_of(writer().drain()), ECONNRESET);
    EXPECT_EQ(writer().fileno(), -1);
    EXPECT_TRUE(peer_is_at_end());
  }
}

TEST_P(WriterTest, DrainDoesNotSuspendBelowTheLimit) {
  const auto both = [](StreamWriter to) -> Coroutine<> {
    to.write("a");
    co_await to.drain();
    to.write("b");
    co_await to.drain();
  };
  const auto task = start(both(writer()));
  turn(1);
  EXPECT_TRUE(task.done());
}

TEST_P(WriterTest, DrainCanBeAwaitedAgain) {
  const auto body = [](StreamWriter to) -> Coroutine<> {
    const auto drain = to.drain();
    for (int i = 0; i < 2; ++i) {
      to.write(kMuch);
      co_await drain;
    }
  };
  const auto task = start(body(writer()));
  turn();
  EXPECT_EQ(receive_all().size(), 2 * kMuch.size());
  EXPECT_TRUE(task.done());
}

TEST_P(WriterTest, DrainWaitsForTheLowLimit) {
  writer().set_write_buffer_limits(1000, 10);
  fill();
  std::vector<Task<>> drains;
  for (int i = 0; i < 3; ++i) drains.push_back(start(writer().drain()));
  turn();
  EXPECT_FALSE(drains[0].done());
  while (writer().get_write_buffer_size() > 10) {
    turn(1);
    for (const auto& drain : drains) EXPECT_FALSE(drain.done());
    received();
  }
  receive_all();
  for (const auto& drain : drains) EXPECT_TRUE(drain.done());
}

TEST_P(WriterTest, ACancelledDrainLeavesTheOthers) {
  fill();
  const auto first = start(writer().drain());
  const auto second = start(writer().drain());
  turn();
  first.cancel();
  turn();
  EXPECT_TRUE(first.cancelled());
  receive_all();
  EXPECT_TRUE(second.done());
}

TEST_P(WriterTest, SetWriteBufferLimits) {
  using Limits = std::pair<std::size_t, std::size_t>;
  const auto limits = [this] { return writer().get_write_buffer_limits(); };
  EXPECT_EQ(limits(), Limits(16384, 65536));
  writer().set_write_buffer_limits(1024);
  EXPECT_EQ(limits(), Limits(256, 1024));
  writer().set_write_buffer_limits({}, 128);
  EXPECT_EQ(limits(), Limits(128, 512));
  writer().set_write_buffer_limits(100, 50);
  EXPECT_EQ(limits(), Limits(50, 100));
  writer().set_write_buffer_limits(0);
  EXPECT_EQ(limits(), Limits(0, 0));
  EXPECT_THROW(writer().set_write_buffer_limits(1, 2), ValueError);
  writer().set_write_buffer_limits();
  EXPECT_EQ(limits(), Limits(16384, 65536));
}

TEST_P(WriterTest, LowerLimitsPauseAtOnce) {
  writer().set_write_buffer_limits(1 << 30);
  fill();
  run(writer().drain());
  writer().set_write_buffer_limits(10);
  const auto drains = start(writer().drain());
  turn();
  EXPECT_FALSE(drains.done());
  receive_all();
  EXPECT_TRUE(drains.done());
}

// ---- The end ----

TEST_P(WriterTest, CloseSendsTheRest) {
  writer().write(kMuch);
  writer().close();
  EXPECT_TRUE(writer().is_closing());
  const auto closed = start(writer().wait_closed());
  turn();
  EXPECT_FALSE(closed.done());
  // gh-115514
  writer().write("more");
  writer().writelines(std::vector<std::string>{"lines"});
  EXPECT_EQ(receive_all(), kMuch + "morelines");
  EXPECT_TRUE(closed.done());
  EXPECT_EQ(writer().fileno(), -1);
  EXPECT_TRUE(peer_is_at_end());
}

TEST_P(WriterTest, CloseTwice) {
  writer().close();
  writer().close();
  run(writer().wait_closed());
  EXPECT_TRUE(writer().is_closing());
  EXPECT_EQ(error_of(writer().drain()), ECONNRESET) << "Connection lost";
}

TEST_P(WriterTest, AbortDropsTheRest) {
  fill();
  const auto drains = start(writer().drain());
  turn();
  writer().abort();
  EXPECT_EQ(writer().fileno(), -1);
  EXPECT_EQ(writer().get_write_buffer_size(), 0u);
  turn();
  drains.result();  // As in asyncio, a wait that has begun does not throw.
  EXPECT_EQ(error_of(writer().drain()), ECONNRESET);
  run(writer().wait_closed());
}

// The order is that of StreamReaderProtocol.connection_lost() and, if all data
// are sent first, of resume_writing() before it.
TEST_P(WriterTest, TheEndResumesTasksInTheOrderOfAsyncio) {
  std::string order;
  const auto log = [&order](auto operation, char name) -> Coroutine<> {
    co_await std::move(operation);
    order += name;
  };
  for (const bool aborts : {true, false}) {
    open();
    fill();
    start(log(writer().drain(), 'd'));
    start(log(writer().wait_closed(), 'c'));
    start(log(reader().read(1), 'r'));
    start(log(writer().drain(), 'd'));
    turn();
    aborts ? writer().abort() : writer().close();
    receive_all();
  }
  EXPECT_EQ(order, "rcddddrc");
}

// No later data follow the part that was sent.
TEST_P(WriterTest, AStreamThatRunsOutOfMemoryCanBeClosed) {
  for (tests::EachShortage shortage; shortage.next();) {
    open();
    shortage.survives([this] { writer().write(kMuch); });
    writer().write("end");
    writer().close();
    const std::string all = receive_all();
    EXPECT_TRUE(all == "end" || (kMuch + "end").starts_with(all)) << all.size();
    EXPECT_EQ(writer().fileno(), -1);
  }
}

TEST_P(WriterTest, ACloseThatRunsOutOfMemoryCanBeRepeated) {
  const auto read = start(reader().read(1));
  const auto closed = start(writer().wait_closed());
  turn();
  {
    const tests::FailingAllocations failing;
    EXPECT_THROW(for (;;) loop_->call_soon([] {}), std::bad_alloc);
    EXPECT_THROW(writer().close(), std::bad_alloc);
  }
  const auto closed_later = start(writer().wait_closed());
  turn();
  EXPECT_FALSE(closed_later.done());
  writer().close();
  turn();
  EXPECT_TRUE(read.done());
  EXPECT_TRUE(closed.done());
  EXPECT_TRUE(closed_later.done());
  EXPECT_EQ(writer().fileno(), -1);
}

// The unsent data have their own reference.
TEST_P(WriterTest, TheLastHandleLeavesTheUnsentData) {
  writer().write(kMuch);
  stream_.reset();
  EXPECT_EQ(receive_all(), kMuch);
  EXPECT_TRUE(peer_is_at_end());
}

TEST_P(WriterTest, ALoopThatClosesDropsTheUnsentData) {
  fill();
  stream_.reset();
  loop_->close();
  received();
  EXPECT_TRUE(peer_is_at_end());
}

TEST_P(WriterTest, AConnectionThatIsLostWhileItClosesIsClosed) {
  fill();
  writer().close();
  EXPECT_GE(writer().fileno(), 0) << "data are unsent";
  peer_.close();
  EXPECT_THROW(run(writer().wait_closed()), OSError);
  EXPECT_EQ(writer().fileno(), -1);
}

TEST_P(WriterTest, DrainAfterTheEndOfTheLoopThrows) {
  fill();
  EXPECT_GT(writer().get_write_buffer_size(), 64u * 1024);
  loop_.emplace(make_selector());
  EXPECT_THROW(run(writer().drain()), RuntimeError) << "the data are dropped";
  EXPECT_EQ(writer().get_write_buffer_size(), 0u);
}

TEST_P(WriterTest, AStreamMayOutliveItsLoop) {
  fill();
  const auto waits = start(reader().read(1));
  turn();
  loop_->close();
  writer().write("x");
  writer().close();
  expected_reports_ = reports_;
}

TEST_P(WriterTest, WriteEof) {
  writer().write("last");
  writer().write_eof();
  writer().write_eof();
  EXPECT_EQ(received(), "last");
  EXPECT_TRUE(peer_is_at_end());
  EXPECT_THROW(writer().write("x"), RuntimeError);
  EXPECT_THROW(writer().write(""), RuntimeError);
  EXPECT_THROW(writer().writelines({"x"}), RuntimeError);
  peer_.write("answer");
  EXPECT_EQ(run(reader().read(100)), "answer") << "a half-close";
}

TEST_P(WriterTest, WriteEofAfterTheUnsentData) {
  writer().write(kMuch);
  writer().write_eof();
  EXPECT_EQ(receive_all(), kMuch);
  EXPECT_TRUE(peer_is_at_end());
  EXPECT_FALSE(writer().is_closing());
}

TEST_P(WriterTest, ThePeersHalfCloseLeavesWriting) {
  ::shutdown(peer_.fileno(), SHUT_WR);
  EXPECT_EQ(run(reader().read()), "");
  writer().write("answer");
  run(writer().drain());
  EXPECT_EQ(received(), "answer");
}

// ---- Errors ----

TEST_P(WriterTest, DrainRaises) {
  peer_.close();
  writer().write("x");  // No SIGPIPE.
  EXPECT_EQ(error_of(writer().drain()), EPIPE);
  EXPECT_EQ(error_of(writer().wait_closed()), EPIPE);
  EXPECT_TRUE(writer().is_closing());
}

TEST_P(WriterTest, APeerThatGoesEndsAllDrains) {
  fill();
  const auto drains = start(writer().drain());
  const auto closed = start(writer().wait_closed());
  turn();
  peer_.close();
  turn();
  EXPECT_THROW(drains.result(), OSError);
  EXPECT_THROW(closed.result(), OSError);
}

// gh-136234: writelines() on a lost connection does as write() does.
TEST_P(WriterTest, WritesToALostConnectionAreReportedOnce) {
  peer_.close();
  writer().write("lost");
  for (int i = 0; i < 10; ++i) {
    writer().write("x");
    writer().writelines({"x"});
  }
  expected_reports_ = {
      "data were written to a stream after its connection was lost"};
}

TEST_P(WriterTest, BytesBeforeEpipeAreRead) {
  peer_.write("answer");
  peer_.close();
  writer().write("x");
  EXPECT_EQ(run(reader().read()), "answer");
}

TEST_P(WriterTest, ARefusalOfTheWaitEndsTheConnection) {
  if (GetParam().name != std::string("EpollSelector")) {
    GTEST_SKIP() << "the test refuses by epoll_ctl";
  }
  fill();
  {
    FaultInjector no_room(1, ENOSPC, [](const auto& call) {
      return FaultInjector::is(call, "epoll_ctl");
    });
    turn();
  }
  EXPECT_EQ(error_of(writer().drain()), ENOSPC);
}

}  // namespace
}  // namespace loop

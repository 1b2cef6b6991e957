// StreamReader. Tests of CPython's test_streams.py keep their names.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/futures/errors.h"
#include "loop/streams/errors.h"
#include "loop/streams/read_operations.h"
#include "loop/streams/stream_reader.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/fault_injector.h"

namespace loop {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

const std::string kData = "line1\nline2\nline3\n";

class ReaderTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    open();
  }
  void feed(const std::string& bytes) { peer_.write(bytes); }
  void feed_eof() { ::shutdown(peer_.fileno(), SHUT_WR); }
  // Feeds the bytes one by one, and lets the tasks run after each.
  void trickle(const std::string& bytes) {
    for (const char byte : bytes) {
      feed({byte});
      turn();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, ReaderTest, tests::all_selectors(),
                         tests::name_of);

// ---- read() ----

TEST_P(ReaderTest, ReadZero) {
  EXPECT_EQ(run(reader().read(0)), "");
  feed("x");
  EXPECT_EQ(run(reader().read(0)), "");
  EXPECT_EQ(run(reader().read(1)), "x");
}

TEST_P(ReaderTest, Read) {
  const auto task = start(reader().read(30));
  turn();
  EXPECT_FALSE(task.done());
  feed(kData);
  turn();
  EXPECT_EQ(task.result(), kData);
}

TEST_P(ReaderTest, ReadLineBreaks) {
  feed("line1");
  feed("line2");
  EXPECT_EQ(run(reader().read(5)), "line1");
  EXPECT_EQ(run(reader().read(5)), "line2");
}

TEST_P(ReaderTest, ReadEof) {
  const auto task = start(reader().read(1024));
  turn();
  feed_eof();
  turn();
  EXPECT_EQ(task.result(), "");
  EXPECT_EQ(run(reader().read(1024)), "");
}

TEST_P(ReaderTest, ReadUntilEof) {
  const auto task = start(reader().read());
  turn();
  feed("chunk1\n");
  turn();
  feed("chunk2");
  turn();
  EXPECT_FALSE(task.done());
  feed_eof();
  turn();
  EXPECT_EQ(task.result(), "chunk1\nchunk2");
  EXPECT_EQ(run(reader().read()), "");
}

TEST_P(ReaderTest, ReadInto) {
  std::array<char, 4> small;
  std::vector<char> large(100'000);
  feed("abcdef");
  EXPECT_EQ(run(reader().read_into({})), 0u);
  EXPECT_EQ(run(reader().read_into(small)), 4u);
  EXPECT_EQ(std::string(small.data(), 4), "abcd");
  EXPECT_EQ(run(reader().read_into(large)), 2u);
  EXPECT_EQ(std::string(large.data(), 2), "ef");
  feed_eof();
  EXPECT_EQ(run(reader().read_into(large)), 0u);
}

TEST_P(ReaderTest, AtEof) {
  EXPECT_FALSE(reader().at_eof());
  feed("some data\n");
  EXPECT_EQ(run(reader().readline()), "some data\n");
  EXPECT_FALSE(reader().at_eof());
  feed_eof();
  EXPECT_FALSE(reader().at_eof()) << "no read has found the end";
  EXPECT_EQ(run(reader().readline()), "");
  EXPECT_TRUE(reader().at_eof());
}

TEST_P(ReaderTest, AtEofIsFalseWhileBytesAreKept) {
  feed("ab");
  feed_eof();
  EXPECT_THROW(run(reader().readexactly(3)), IncompleteReadError);
  EXPECT_TRUE(reader().at_eof());
}

// ---- Lines ----

TEST_P(ReaderTest, Readline) {
  feed("chunk1 ");
  const auto task = start(reader().readline());
  turn();
  feed("chunk2 ");
  turn();
  feed("chunk3 ");
  feed("\n chunk4");
  turn();
  EXPECT_EQ(task.result(), "chunk1 chunk2 chunk3 \n");
  EXPECT_EQ(run(reader().read(100)), " chunk4");
}

TEST_P(ReaderTest, ReadlineNolimitNowait) {
  feed(kData);
  EXPECT_EQ(run(reader().readline()), "line1\n");
  EXPECT_EQ(run(reader().read(100)), "line2\nline3\n");
}

TEST_P(ReaderTest, ReadlineEof) {
  feed("some data");
  feed_eof();
  EXPECT_EQ(run(reader().readline()), "some data");
}

TEST_P(ReaderTest, ReadlineEmptyEof) {
  feed_eof();
  EXPECT_EQ(run(reader().readline()), "");
}

TEST_P(ReaderTest, ReadlineReadByteCount) {
  feed(kData);
  EXPECT_EQ(run(reader().readline()), "line1\n");
  EXPECT_EQ(run(reader().read(7)), "line2\nl");
  EXPECT_EQ(run(reader().read(100)), "ine3\n");
}

TEST_P(ReaderTest, NextLineGivesEachLine) {
  feed("a\n\nlast");
  feed_eof();
  const auto all = [](StreamReader from) -> Coroutine<Strings> {
    Strings lines;
    while (auto line = co_await from.next_line()) lines.push_back(*line);
    co_return lines;
  };
  EXPECT_EQ(run(all(reader())), (Strings{"a\n", "\n", "last"}));
}

TEST_P(ReaderTest, OneBytePerPacket) {
  const auto lines = start(reader().readuntil("\r\n\r\n"));
  turn();
  trickle("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(lines.result(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
}

// ---- readuntil() ----

TEST_P(ReaderTest, ReaduntilSeparator) {
  EXPECT_THROW((void)reader().readuntil(""), ValueError);
  EXPECT_THROW((void)reader().readuntil("x", ""), ValueError);
}

TEST_P(ReaderTest, ReaduntilMultiChunks) {
  feed("lineAAA");
  EXPECT_EQ(run(reader().readuntil("AAA")), "lineAAA");
  auto task = start(reader().readuntil("AAA"));
  turn();
  feed("lineAAA");
  turn();
  EXPECT_EQ(task.result(), "lineAAA");
  feed("lineAAAxxx");
  EXPECT_EQ(run(reader().readuntil("AAA")), "lineAAA");
  EXPECT_EQ(run(reader().read(10)), "xxx");
}

// The separator is split across reads.
TEST_P(ReaderTest, ReaduntilMultiChunks1) {
  for (const std::string text : {"QWEaa", "aaa", "aaaa", "xaaxaaa"}) {
    const auto task = start(reader().readuntil("aaa"));
    turn();
    trickle(text);
    trickle("aaa!");
    const std::size_t end = (text + "aaa!").find("aaa") + 3;
    EXPECT_EQ(task.result(), (text + "aaa!").substr(0, end));
    EXPECT_EQ(run(reader().read(20)), (text + "aaa!").substr(end));
  }
}

TEST_P(ReaderTest, ReaduntilEof) {
  feed("some dataAA");
  feed_eof();
  try {
    run(reader().readuntil("AAA"));
    FAIL();
  } catch (const IncompleteReadError& error) {
    EXPECT_EQ(error.partial, "some dataAA");
    EXPECT_EQ(error.expected, std::nullopt);
    EXPECT_STREQ(error.what(),
                 "11 bytes read on a total of undefined expected bytes");
  }
  EXPECT_TRUE(reader().at_eof());
}

TEST_P(ReaderTest, ReaduntilMultiSeparator) {
  struct Case {
    std::string text, first, second, result;
  };
  for (const Case& c : {
           Case{"line1\nline2\r", "\r", "\n", "line1\n"},
           Case{"line2\rx", "\r", "\n", "line2\r"},
           Case{"A.line", "A.", "l", "A."},
           Case{"aXYZb", "YZ", "XYZ", "aXYZ"},
           Case{"aXYZb", "XYZ", "XY", "aXY"},
       }) {
    open();
    const auto task = start(reader().readuntil(c.first, c.second));
    turn();
    feed(c.text);
    turn();
    EXPECT_EQ(task.result(), c.result);
  }
}

TEST_P(ReaderTest, ReaduntilMultiSeparatorTrickles) {
  const auto task = start(reader().readuntil("\n", "END!"));
  turn();
  trickle("some EN, END");
  EXPECT_FALSE(task.done());
  trickle("!");
  EXPECT_EQ(task.result(), "some EN, END!");
}

// A list is no pair of iterators, which std::string takes as well.
TEST_P(ReaderTest, ReaduntilAListOfSeparators) {
  feed("one\r\ntwo\nthree;four\r\nfive\n");
  const auto line = [](const StreamReader& from) -> Coroutine<std::string> {
    co_return co_await from.readuntil({"\n", "\r\n"});
  };
  EXPECT_EQ(run(line(reader())), "one\r\n");
  EXPECT_EQ(run(reader().readuntil({"\n"})), "two\n");
  const Strings separators = {"\n", ";", "\r\n"};
  EXPECT_EQ(run(reader().readuntil(separators)), "three;");
  const std::string_view view = "\r\n";
  EXPECT_EQ(run(reader().readuntil(view)), "four\r\n");
  EXPECT_EQ(run(reader().readuntil()), "five\n");
  EXPECT_THROW((void)reader().readuntil(Strings()), ValueError);
  EXPECT_THROW((void)reader().readuntil({"\n", ""}), ValueError);
}

// An operation with a name, which may be moved first.
TEST_P(ReaderTest, AReadMayBeAwaitedLater) {
  const auto later = [](const StreamReader& from) -> Coroutine<std::string> {
    auto first = from.readline();
    auto moved = std::move(first);
    co_await sleep(0s);
    std::string line = co_await moved;
    auto second = from.readexactly(2);
    line += co_await second;
    co_return line;
  };
  const auto task = start(later(reader()));
  turn();
  trickle("one\ntwo");
  EXPECT_EQ(run_until_complete(task), "one\ntw");
  EXPECT_EQ(run(reader().read(9)), "o");
}

// A read of many lines would otherwise search all that were received for each
// of them. Here the rest is in a page that cannot be read.
TEST(SeparatorsTest, ANearSeparatorCostsNoSearchOfTheRest) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const pages = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  char* const bytes = static_cast<char*>(pages);
  bytes[100] = '\n';
  ASSERT_EQ(::mprotect(bytes + page, page, PROT_NONE), 0);
  const read_operations::Separators separators("\r\n", "\n", "\r");
  const auto match = separators.find({bytes, 2 * page}, 7);
  EXPECT_EQ(match.value().end, 101u);
  ::munmap(pages, 2 * page);
}

TEST(SeparatorsTest, FindsTheFirstEndAtAnyDistance) {
  const read_operations::Separators separators("abcdef", "cd", "xyz");
  for (std::size_t begin = 0; begin < 1100; ++begin) {
    const std::string text = std::string(begin, '-') + "abcdef xyz";
    const auto match = separators.find(text, begin / 2);
    ASSERT_EQ(match.value().begin, begin + 2);
    ASSERT_EQ(match.value().end, begin + 4);
  }
  EXPECT_FALSE(separators.find(std::string(1100, '-'), 3));
  EXPECT_FALSE(separators.find("", 0));
}

// ---- readexactly() ----

TEST_P(ReaderTest, ReadexactlyZeroOrLess) {
  EXPECT_EQ(run(reader().readexactly(0)), "");
}

TEST_P(ReaderTest, Readexactly) {
  const auto task = start(reader().readexactly(2 * kData.size()));
  turn();
  for (int i = 0; i < 3; ++i) {
    feed(kData);
    turn();
  }
  EXPECT_EQ(task.result(), kData + kData);
  EXPECT_EQ(run(reader().read(100)), kData);
}

TEST_P(ReaderTest, ReadexactlyLimit) {
  open(3);
  feed("chunk");
  EXPECT_EQ(run(reader().readexactly(5)), "chunk") << "it has no limit";
}

TEST_P(ReaderTest, ReadexactlyEof) {
  const auto task = start(reader().readexactly(36));
  turn();
  feed(kData);
  turn();
  feed_eof();
  turn();
  try {
    (void)task.result();
    FAIL();
  } catch (const IncompleteReadError& error) {
    EXPECT_EQ(error.partial, kData);
    EXPECT_EQ(error.expected, 36u);
    EXPECT_STREQ(error.what(), "18 bytes read on a total of 36 expected bytes");
  }
  EXPECT_EQ(run(reader().read(100)), "");
}

// ---- Limits ----

class ReaderLimitTest : public ReaderTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    open(3);
  }
  // The `consumed` of a LimitOverrunError; nullopt if there is none.
  template <class Read>
  std::optional<std::size_t> overrun(Read read) {
    try {
      run(std::move(read));
    } catch (const LimitOverrunError& error) {
      return error.consumed;
    }
    return std::nullopt;
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, ReaderLimitTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(ReaderLimitTest, ReadlineLimit) {
  feed("chunk1\nchunk2\n");
  EXPECT_EQ(overrun(reader().readline()), 6u);
  EXPECT_EQ(overrun(reader().readline()), 6u) << "nothing is lost";
  EXPECT_EQ(run(reader().read(7)), "chunk1\n");
}

TEST_P(ReaderLimitTest, ReadlineLimitIsAValueError) {
  feed("chunk1\n");
  EXPECT_THROW(run(reader().readline()), ValueError);
}

TEST_P(ReaderLimitTest, ReaduntilLimitFoundSep) {
  feed("some dataAA");
  EXPECT_EQ(overrun(reader().readuntil("AAA")), 9u) << "AA may begin one";
  EXPECT_EQ(run(reader().read(9)), "some data");
  feed("A");
  EXPECT_EQ(run(reader().readuntil("AAA")), "AAA");
}

// Of separators that end together the shortest decides, in any order.
TEST_P(ReaderLimitTest, ReaduntilLimitOfSeveralSeparators) {
  feed("abc\r\n");
  EXPECT_EQ(overrun(reader().readuntil("\r\n", "\n")), 4u);
  EXPECT_EQ(overrun(reader().readuntil("\n", "\r\n")), 4u);
  EXPECT_EQ(run(reader().readuntil("\r\n")), "abc\r\n");
}

TEST_P(ReaderLimitTest, ALineOfTheLimitIsNotTooLong) {
  feed("abc\nabcd\n");
  EXPECT_EQ(run(reader().readline()), "abc\n");
  EXPECT_EQ(overrun(reader().readline()), 4u);
}

// A peer that sends no separator cannot fill the memory.
TEST_P(ReaderLimitTest, BytesWithoutASeparatorAreNotCollected) {
  const auto task = start(reader().readline());
  turn();
  trickle("abcd");
  EXPECT_THROW((void)task.result(), LimitOverrunError);
  EXPECT_EQ(run(reader().read(10)), "abcd");
}

// ---- Errors ----

TEST_P(ReaderTest, ASecondReaderIsRefused) {
  const auto first = start(reader().readline());
  turn();
  for (const char* name : {"read", "readline"}) {
    try {
      name == std::string("read") ? run(reader().read(1))
                                  : run(reader().readline());
      FAIL();
    } catch (const RuntimeError& error) {
      EXPECT_EQ(error.what(),
                std::string(name) +
                    "() called while another coroutine is already waiting for "
                    "incoming data");
    }
  }
  feed("a\n");
  turn();
  EXPECT_EQ(first.result(), "a\n");
  feed("b");
  EXPECT_EQ(run(reader().read(1)), "b") << "the first has ended";
}

TEST_P(ReaderTest, ExceptionCancel) {
  const auto task = start(reader().readline());
  turn();
  feed("half ");
  turn();
  task.cancel();
  feed("line\n");
  turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(run(reader().readline()), "half line\n");
}

TEST_P(ReaderTest, ATimeoutLosesNothing) {
  feed("half ");
  EXPECT_THROW(run(wait_for(reader().readline(), 1ms)), TimeoutError);
  feed("line\n");
  EXPECT_EQ(run(reader().readline()), "half line\n");
}

TEST_P(ReaderTest, EofFeedWhenClosingWriter) {
  const auto task = start(reader().read(10));
  turn();
  writer().close();
  turn();
  EXPECT_EQ(task.result(), "");
  EXPECT_TRUE(reader().at_eof());
  EXPECT_EQ(run(reader().read(10)), "");
}

TEST_P(ReaderTest, AClosedStreamGivesTheBytesThatItHas) {
  feed("abcdef");
  EXPECT_EQ(run(reader().read(2)), "ab");
  writer().close();
  EXPECT_EQ(run(reader().read(2)), "cd");
  EXPECT_EQ(run(reader().read()), "ef");
}

TEST_P(ReaderTest, AFailedRefusalOfOneReadIsNotTheEnd) {
  tests::FaultInjector again(1, EINTR, [](const auto& call) {
    return tests::FaultInjector::is(call, "recv");
  });
  feed("abc");
  EXPECT_EQ(run(reader().read(10)), "abc");
  EXPECT_TRUE(again.fired());
}

TEST_P(ReaderTest, ReadException) {
  feed("ab");
  EXPECT_EQ(run(reader().read(1)), "a");
  {
    tests::FaultInjector reset(1, ECONNRESET, [](const auto& call) {
      return tests::FaultInjector::is(call, "recv");
    });
    feed("more");
    EXPECT_EQ(error_of(reader().readexactly(10)), ECONNRESET);
  }
  EXPECT_EQ(run(reader().read(10)), "b") << "what came before is not lost";
  EXPECT_EQ(error_of(reader().read(10)), ECONNRESET);
  EXPECT_EQ(error_of(reader().readline()), ECONNRESET);
  EXPECT_EQ(error_of(writer().drain()), ECONNRESET);
  EXPECT_EQ(error_of(writer().wait_closed()), ECONNRESET);
  EXPECT_TRUE(writer().is_closing());
}

// A loop that closes destroys tasks that read.
TEST_P(ReaderTest, ALoopThatClosesEndsTheRead) {
  const auto task = start(reader().read(1));
  turn();
  loop_->close();
  EXPECT_FALSE(task.done());
  stream_.reset();
  expected_reports_ = reports_;
}

// ---- Cost ----

TEST_P(ReaderTest, AReadThatWaitsAgainMakesOneRecv) {
  const auto lines = [](StreamReader from) -> Coroutine<> {
    while (co_await from.next_line()) {
    }
  };
  const auto task = start(lines(reader()));
  const auto next = [this] {
    turn(1);
    feed("x\n");
    turn(1);
  };
  for (int i = 0; i < 4; ++i) next();
  tests::CallCounter calls;
  for (int i = 0; i < 5; ++i) next();
  EXPECT_EQ(std::count(calls.names().begin(), calls.names().end(), "recv"), 5);
  EXPECT_EQ(std::count(calls.names().begin(), calls.names().end(), "epoll_ctl"),
            0);
  task.cancel();
  turn();
}

// A peer that never stops does not keep the loop from the other tasks.
TEST_P(ReaderTest, AReaderThatAlwaysFindsDataLetsOthersRun) {
  struct Endless : selectors::kernel::Interceptor {
    std::optional<selectors::kernel::Word> enter(
        const selectors::kernel::Call& call) override {
      if (!tests::FaultInjector::is(call, "recv")) return std::nullopt;
      return call.args[2];
    }
    void leave(const selectors::kernel::Call&) override {}
  } endless;
  feed("x");
  bool others_run = false;
  const auto flood = [](StreamReader from, const bool& stop) -> Coroutine<> {
    while (!stop) co_await from.read(1 << 20);
  };
  const auto task = start(flood(reader(), others_run));
  loop_->call_soon([&] {
    loop_->call_soon([&] { loop_->call_soon([&] { others_run = true; }); });
  });
  run_until_complete(task);
}

}  // namespace
}  // namespace loop

// What the selector is told of readers and writers, and when.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::CallCounter;

class LoopInterest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopInterest, tests::all_selectors(),
                         tests::name_of);

// The system calls of one iteration that does not sleep.
std::vector<std::string> calls_of_a_turn(FakeTimeLoop& f) {
  const CallCounter calls;
  f.turn();
  return calls.names();
}

// ---- What the kernel is told ----

// Removed and added within one iteration, and another file in between. To the
// loop nothing has changed; the kernel has to be told nevertheless.
TEST_P(LoopInterest, R01_ANewFileUnderTheOldNumberIsWatched) {
  FakeTimeLoop f(make_selector());
  Pipe old;
  const Pipe fresh;
  Journal journal;
  const int number = old.reader.fileno();
  f.loop.add_reader(number, note(journal, "old"));
  f.turn();
  f.loop.remove_reader(number);
  old.reader.close();
  const File reused = tests::dup_to(fresh.reader, number);
  f.loop.add_reader(number, note(journal, "new"));
  f.turn();
  EXPECT_EQ(journal, Journal());
  fresh.writer.write("x");
  f.turn();
  EXPECT_EQ(journal, Journal{"new"});
  f.loop.remove_reader(number);
}

// The same while a dup keeps the old file open and ready.
TEST_P(LoopInterest, R01_TheOldFileIsForgottenThoughADupKeepsItOpen) {
  FakeTimeLoop f(make_selector());
  Pipe old;
  const Pipe fresh;
  const File keeper = tests::dup_at_least(old.reader, 0);
  Journal journal;
  const int number = old.reader.fileno();
  f.loop.add_reader(number, note(journal, "old"));
  f.turn();
  old.writer.write("x");
  f.loop.remove_reader(number);
  old.reader.close();
  const File reused = tests::dup_to(fresh.reader, number);
  f.loop.add_reader(number, note(journal, "new"));
  f.turn(3);
  EXPECT_EQ(journal, Journal());
  fresh.writer.write("x");
  f.turn();
  EXPECT_EQ(journal, Journal{"new"});
  f.loop.remove_reader(number);
}

// In real time: a wait that is woken again and again takes thousands of calls.
TEST_P(LoopInterest, R01_RemovedAndClosedThoughADupKeepsItOpen) {
  EventLoop loop(make_selector());
  Pipe pipe;
  const File keeper = tests::dup_at_least(pipe.reader, 0);
  int count = 0;
  loop.add_reader(pipe.reader, [&] {
    ++count;
    loop.remove_reader(pipe.reader);
    pipe.reader.close();
  });
  pipe.writer.write("x");
  loop.run_once();
  EXPECT_EQ(count, 1);
  const CallCounter calls;
  loop.call_later(20ms, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_LE(calls.count(), 20u);
  EXPECT_EQ(count, 1);
}

TEST_P(LoopInterest, WhatIsTakenBackIsNotToldTheKernel) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair;
  const CallCounter calls;
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.loop.remove_reader(pair.first);
  f.loop.remove_writer(pair.first);
  f.turn();
  EXPECT_EQ(calls.names(), std::vector<std::string>());
}

TEST_P(LoopInterest, WhatComesBackIsNotToldTheKernel) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair;
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.turn();
  const auto at_rest = calls_of_a_turn(f);
  f.loop.remove_writer(pair.first);
  f.loop.add_writer(pair.first, [] {});
  EXPECT_EQ(calls_of_a_turn(f), at_rest);
  f.loop.remove_reader(pair.first);
  f.loop.remove_writer(pair.first);
}

// As one does who waits for one message after the other.
TEST_P(LoopInterest, WhatIsWantedAgainIsToldInOneCall) {
  FakeTimeLoop f(make_selector());
  if (!f.selector->forgets_closed()) GTEST_SKIP() << "is told of each change";
  const Pipe pipe;
  f.loop.add_reader(pipe.reader, [] {});
  f.turn();
  const auto at_rest = calls_of_a_turn(f).size();
  f.loop.remove_reader(pipe.reader);
  f.loop.add_reader(pipe.reader, [] {});
  EXPECT_EQ(calls_of_a_turn(f).size(), at_rest + 1);
  f.loop.remove_reader(pipe.reader);
  EXPECT_EQ(calls_of_a_turn(f).size(), 0u);
  f.loop.add_reader(pipe.reader, [] {});
  EXPECT_EQ(calls_of_a_turn(f).size(), at_rest + 1);
  EXPECT_EQ(calls_of_a_turn(f).size(), at_rest);
  f.loop.remove_reader(pipe.reader);
}

TEST_P(LoopInterest, WhatNobodyWantsIsForgotten) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe, other;
  const auto is_watched = [&] {
    return f.selector->get_map()->contains(pipe.reader);
  };
  const auto watch_and_remove = [&] {
    f.loop.add_reader(pipe.reader, [] {});
    f.turn();
    EXPECT_TRUE(is_watched());
    f.loop.remove_reader(pipe.reader);
  };
  watch_and_remove();
  f.turn(2);
  EXPECT_FALSE(is_watched());
  // Before the loop sleeps, whom it would wake.
  watch_and_remove();
  pipe.writer.write("x");
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Sleeps forever.
  EXPECT_FALSE(is_watched());
  // As soon if it is ready.
  f.loop.add_reader(other.reader, [] {});
  watch_and_remove();
  f.turn(2);
  EXPECT_FALSE(is_watched());
  f.loop.remove_reader(other.reader);
}

TEST_P(LoopInterest, AnIdleLoopAsksNobody) {
  FakeTimeLoop f(make_selector());
  EXPECT_EQ(calls_of_a_turn(f), std::vector<std::string>());
  f.loop.call_soon([] {});
  f.loop.call_later(0ns, [] {});
  EXPECT_EQ(calls_of_a_turn(f), std::vector<std::string>());
}

// ---- What is always ready ----

// R28. In kqueue a file is ready for reading until its end.
TEST_P(LoopInterest, R28_FilesAndDirectoriesAreAlwaysReady) {
  FakeTimeLoop f(make_selector());
  const bool kqueue = f.selector->name() == "KqueueSelector";
  const tests::TempFile file;
  file.write("not empty");
  ASSERT_EQ(::lseek(file.fileno(), 0, SEEK_SET), 0);
  const File null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const File directory(::open("/", O_RDONLY | O_CLOEXEC));
  const std::vector<const File*> all = {&file, &null, &directory};
  for (const File* const always : all) {
    if (kqueue && always == &directory) continue;
    int readable = 0, writable = 0;
    f.loop.add_reader(*always, [&] { ++readable; });
    for (int i = 1; i <= 3; ++i) {
      f.loop.run_once();  // Does not sleep.
      EXPECT_EQ(readable, i);
    }
    f.loop.add_writer(*always, [&] { ++writable; });
    f.loop.run_once();
    EXPECT_EQ(readable, 4);
    EXPECT_EQ(writable, 1);
    EXPECT_TRUE(f.loop.remove_reader(*always));
    f.loop.run_once();
    EXPECT_EQ(readable, 4);
    EXPECT_EQ(writable, 2);
    EXPECT_TRUE(f.loop.remove_writer(*always));
    EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Sleeps forever.
    EXPECT_EQ(writable, 2);
  }
  EXPECT_EQ(f.ms(), 0);
}

// The number of a file becomes that of a pipe, and the other way round.
TEST_P(LoopInterest, R28_ANumberIsAFileAndThenAPipe) {
  FakeTimeLoop f(make_selector());
  tests::TempFile file;
  file.write("not empty");
  ASSERT_EQ(::lseek(file.fileno(), 0, SEEK_SET), 0);
  const Pipe pipe;
  const int number = file.fileno();
  int count = 0;
  const auto watch = [&] {
    f.loop.remove_reader(number);
    f.loop.add_reader(number, [&] { ++count; });
    f.turn();
  };
  watch();
  EXPECT_EQ(count, 1);
  const File kept = tests::dup_at_least(file, 0);
  f.loop.remove_reader(number);
  file.close();
  File reused = tests::dup_to(pipe.reader, number);
  watch();
  f.turn();
  EXPECT_EQ(count, 1);
  pipe.writer.write("x");
  f.turn();
  EXPECT_EQ(count, 2);
  f.loop.remove_reader(number);
  reused.close();
  reused = tests::dup_to(kept, number);
  watch();
  EXPECT_EQ(count, 3);
  f.loop.remove_reader(number);
}

// What is always ready keeps nobody from anything.
TEST_P(LoopInterest, R28_WhatIsAlwaysReadyStarvesNobody) {
  FakeTimeLoop f(make_selector());
  const File null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const SocketPair pair;
  Journal journal;
  int always = 0;
  f.loop.add_writer(null, [&] { ++always; });
  f.loop.add_writer(pair.first, [&] { ++always; });
  f.loop.add_reader(pair.first, [&] {
    pair.first.read();
    journal.push_back("reader");
  });
  f.loop.call_later(5ms, note(journal, "timer"));
  pair.second.write("x");
  f.loop.call_soon(note(journal, "soon"));
  f.loop.run_once();
  EXPECT_EQ(journal, (Journal{"soon", "reader"}));
  EXPECT_EQ(f.ms(), 0);
  f.time.advance(5ms);
  f.loop.run_once();
  EXPECT_EQ(journal, (Journal{"soon", "reader", "timer"}));
  EXPECT_EQ(always, 4);
  f.loop.remove_writer(null);
  f.loop.remove_writer(pair.first);
  f.loop.remove_reader(pair.first);
}

// R69: each once an iteration, however many.
TEST_P(LoopInterest, R69_AllThatIsReadyIsServedOnce) {
  FakeTimeLoop f(make_selector());
  constexpr std::size_t kPipes = 300;
  const std::vector<Pipe> pipes(kPipes);
  std::vector<int> served(kPipes);
  for (std::size_t i = 0; i < kPipes; ++i) {
    pipes[i].writer.write("x");
    f.loop.add_reader(pipes[i].reader, [&served, i] { ++served[i]; });
  }
  for (int round = 1; round <= 3; ++round) {
    f.turn();
    EXPECT_EQ(std::count(served.begin(), served.end(), round), kPipes);
  }
  f.loop.close();
}

}  // namespace
}  // namespace loop

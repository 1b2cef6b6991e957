// add_reader() and the like. The names are those of CPython's
// test_selector_events.py and test_events.py where they have the test.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::CallCounter;

template <class Selector>
class LoopDescriptors : public tests::NoLeak {};
TYPED_TEST_SUITE(LoopDescriptors, AllSelectors, SelectorNames);

// The system calls of one iteration that does not sleep.
std::vector<std::string> calls_of_a_turn(FakeTimeLoop& f) {
  const CallCounter calls;
  f.turn();
  return calls.names();
}

TYPED_TEST(LoopDescriptors, ReaderCallback) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  Pipe pipe;
  std::string got;
  bool at_end = false;
  f.loop.add_reader(pipe.reader, [&] {
    const std::string bytes = pipe.reader.read();
    at_end = bytes.empty();
    got += bytes;
  });
  f.turn(2);
  EXPECT_EQ(got, "");
  pipe.writer.write("ab");
  f.loop.run_once();
  pipe.writer.write("c");
  f.loop.run_once();
  EXPECT_EQ(got, "abc");
  EXPECT_FALSE(at_end);
  pipe.writer.close();
  f.loop.run_once();
  EXPECT_TRUE(at_end);
  EXPECT_TRUE(f.loop.remove_reader(pipe.reader));
  at_end = false;
  f.turn(2);
  EXPECT_FALSE(at_end);
}

TYPED_TEST(LoopDescriptors, WriterCallback) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const SocketPair pair;
  int writable = 0;
  pair.fill_first();
  f.loop.add_writer(pair.first, [&] { ++writable; });
  f.turn(2);
  EXPECT_EQ(writable, 0);
  while (!pair.second.read().empty()) continue;
  f.loop.run_once();
  EXPECT_EQ(writable, 1);
  f.loop.run_once();  // As long as it is.
  EXPECT_EQ(writable, 2);
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  f.turn(2);
  EXPECT_EQ(writable, 2);
}

// Each iteration in which it is ready, until somebody reads.
TYPED_TEST(LoopDescriptors, ReadinessIsALevel) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  int count = 0;
  f.loop.add_reader(pipe.reader, [&] { ++count; });
  pipe.writer.write("x");
  for (int i = 1; i <= 5; ++i) {
    f.loop.run_once();
    EXPECT_EQ(count, i);
  }
  f.loop.remove_reader(pipe.reader);
}

TYPED_TEST(LoopDescriptors, AddReaderExisting) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  Journal journal;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader,
                    [&, alive = at_destruction(note(journal, "destroyed"))] {
                      journal.push_back("old");
                    });
  f.turn();
  f.loop.add_reader(pipe.reader, note(journal, "new"));
  EXPECT_EQ(journal, (Journal{"old", "destroyed"}));
  f.turn();
  EXPECT_EQ(journal, (Journal{"old", "destroyed", "new"}));
  EXPECT_TRUE(f.loop.remove_reader(pipe.reader));
  EXPECT_FALSE(f.loop.remove_reader(pipe.reader));
}

// Within its own run: the new one waits for the next iteration.
TYPED_TEST(LoopDescriptors, AReaderReplacesItself) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  Journal journal;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader,
                    [&, alive = at_destruction(note(journal, "destroyed"))] {
                      f.loop.add_reader(pipe.reader, note(journal, "new"));
                      journal.push_back("old");
                    });
  f.turn();
  EXPECT_EQ(journal, (Journal{"old", "destroyed"}));
  f.turn();
  EXPECT_EQ(journal, (Journal{"old", "destroyed", "new"}));
  f.loop.remove_reader(pipe.reader);
}

TYPED_TEST(LoopDescriptors, RemoveReaderReadWrite) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const SocketPair pair;
  Journal journal;
  pair.second.write("x");
  f.loop.add_reader(pair.first, note(journal, "r"));
  f.loop.add_writer(pair.first, note(journal, "w"));
  f.turn();
  EXPECT_EQ(journal, (Journal{"r", "w"}));
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  f.turn();
  EXPECT_EQ(journal, (Journal{"r", "w", "w"}));
  f.loop.add_reader(pair.first, note(journal, "r2"));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  f.turn();
  EXPECT_EQ(journal, (Journal{"r", "w", "w", "r2"}));
  EXPECT_FALSE(f.loop.remove_writer(pair.first));
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
}

TYPED_TEST(LoopDescriptors, RemoveReaderUnknown) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  EXPECT_FALSE(f.loop.remove_reader(pipe.reader));
  EXPECT_FALSE(f.loop.remove_writer(pipe.writer));
  EXPECT_FALSE(f.loop.remove_reader(tests::bad_fd()));
  EXPECT_FALSE(f.loop.remove_reader(1 << 30));
  File closed;
  EXPECT_THROW(f.loop.remove_reader(closed), ValueError);
  EXPECT_THROW(f.loop.remove_writer(-1), ValueError);
}

TYPED_TEST(LoopDescriptors, WhatHasNoDescriptorIsRefused) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  File closed;
  EXPECT_THROW(f.loop.add_reader(closed, [] {}), ValueError);
  EXPECT_THROW(f.loop.add_writer(-1, [] {}), ValueError);
  EXPECT_THROW(f.loop.add_reader(1 << 30, [] {}), OSError);
  f.turn();
}

// Numbers and objects are the same registration; a closed object is found by
// its identity.
TYPED_TEST(LoopDescriptors, RemoveFdsAfterClosing) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  SocketPair pair;
  f.loop.add_reader(pair.first, [] {});
  EXPECT_TRUE(f.loop.remove_reader(pair.first.fileno()));
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.turn();
  pair.first.close();
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  EXPECT_THROW(f.loop.remove_writer(pair.first), ValueError);
  f.turn();
}

// ---- What happens in one batch ----

// R64: libuv's test-watcher-cross-stop. Neither the others nor the other side.
TYPED_TEST(LoopDescriptors, R64_AReaderRemovesTheOthersOfItsBatch) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const SocketPair a, b, c;
  int ran = 0;
  const std::vector<const File*> files = {&a.first, &b.first, &c.first};
  const auto remove_all = [&] {
    ++ran;
    for (const File* const file : files) {
      EXPECT_TRUE(f.loop.remove_reader(*file));
      EXPECT_TRUE(f.loop.remove_writer(*file));
    }
  };
  for (const SocketPair* const pair : {&a, &b, &c}) {
    pair->second.write("x");
    f.loop.add_reader(pair->first, remove_all);
    f.loop.add_writer(pair->first, remove_all);
  }
  f.turn(3);
  EXPECT_EQ(ran, 1);
}

// What was queued by call_soon() runs before the descriptors, and may remove.
TYPED_TEST(LoopDescriptors, R64_ACallbackRemovesAReaderThatIsReady) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, [] { ADD_FAILURE() << "came"; });
  f.loop.call_soon([&] { f.loop.remove_reader(pipe.reader); });
  f.turn(2);
}

// And what is removed and added again is new: the kernel was not asked about
// it, so it waits for the next iteration.
TYPED_TEST(LoopDescriptors, R64_AReaderAddedAnewWaitsForTheNextIteration) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const Pipe pipe;
  Journal journal;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, note(journal, "old"));
  f.loop.call_soon([&] {
    f.loop.remove_reader(pipe.reader);
    f.loop.add_reader(pipe.reader, note(journal, "new"));
  });
  f.turn();
  EXPECT_EQ(journal, Journal());
  f.turn();
  EXPECT_EQ(journal, Journal{"new"});
  f.loop.remove_reader(pipe.reader);
}

// R66, muduo#368: what owns the file and the closure dies in the closure.
TYPED_TEST(LoopDescriptors, R66_AReaderDestroysItsOwner) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  struct Connection {
    explicit Connection(EventLoop& l) : loop(l) {
      loop.add_reader(pipe.reader, [this] { on_data(); });
      pipe.writer.write("x");
    }
    ~Connection() { loop.remove_reader(pipe.reader); }
    void on_data() { suicide(); }
    EventLoop& loop;
    std::function<void()> suicide;
    const Pipe pipe;
  };
  auto connection = std::make_unique<Connection>(f.loop);
  connection->suicide = [&connection] { connection.reset(); };
  // The closure's own variables are there until it returns.
  const Pipe pipe;
  std::string seen;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, [&, text = std::string(100, 'x')] {
    f.loop.remove_reader(pipe.reader);
    f.loop.add_reader(pipe.reader, [] {});
    f.loop.remove_reader(pipe.reader);
    seen = text;
  });
  f.turn(2);
  EXPECT_EQ(connection, nullptr);
  EXPECT_EQ(seen, std::string(100, 'x'));
}

// The owner of the closure is the closure: removing it, it destroys the file.
TYPED_TEST(LoopDescriptors, R66_AReaderOwnsItsFile) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  auto pipe = std::make_shared<Pipe>();
  const std::weak_ptr<Pipe> alive = pipe;
  pipe->writer.write("x");
  std::string got;
  f.loop.add_reader(pipe->reader, [&, pipe] {
    f.loop.remove_reader(pipe->reader);
    got = pipe->reader.read();
  });
  pipe.reset();
  f.turn();
  EXPECT_EQ(got, "x");
  EXPECT_TRUE(alive.expired());
  f.turn();
}

// R01, joyent/libuv#826: one of two that are ready closes the other, and opens
// another file under its number.
TYPED_TEST(LoopDescriptors, R01_AnEventNeverReachesTheNewOwnerOfItsNumber) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  Pipe a, b, c;
  File new_owner;
  Journal journal;
  // Whichever comes first closes the other.
  const auto replace = [&](File& other) {
    return [&f, &other, &new_owner, &journal, &c] {
      journal.push_back("first");
      f.loop.remove_reader(other);
      const int number = other.fileno();
      other.close();
      new_owner = tests::dup_to(c.reader, number);
      f.loop.add_reader(new_owner, note(journal, "new owner"));
    };
  };
  f.loop.add_reader(a.reader, replace(b.reader));
  f.loop.add_reader(b.reader, replace(a.reader));
  a.writer.write("x");
  b.writer.write("x");
  f.turn();
  EXPECT_EQ(journal, Journal{"first"});
  File& left = a.reader.fileno() < 0 ? b.reader : a.reader;
  EXPECT_TRUE(f.loop.remove_reader(left));
  f.turn();
  EXPECT_EQ(journal, Journal{"first"});
  c.writer.write("x");
  f.turn();
  EXPECT_EQ(journal, (Journal{"first", "new owner"}));
  EXPECT_TRUE(f.loop.remove_reader(new_owner));
}

// ---- What the kernel is told ----

// Removed and added within one iteration, and another file in between. To the
// loop nothing has changed; the kernel has to be told nevertheless.
TYPED_TEST(LoopDescriptors, R01_ANewFileUnderTheOldNumberIsWatched) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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
TYPED_TEST(LoopDescriptors, R01_TheOldFileIsForgottenThoughADupKeepsItOpen) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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
TYPED_TEST(LoopDescriptors, R01_RemovedAndClosedThoughADupKeepsItOpen) {
  EventLoop loop(std::make_unique<TypeParam>());
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

TYPED_TEST(LoopDescriptors, WhatIsTakenBackIsNotToldTheKernel) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const SocketPair pair;
  const CallCounter calls;
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.loop.remove_reader(pair.first);
  f.loop.remove_writer(pair.first);
  f.turn();
  EXPECT_EQ(calls.names(), std::vector<std::string>());
}

TYPED_TEST(LoopDescriptors, WhatComesBackIsNotToldTheKernel) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  const SocketPair pair;
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.turn();
  const auto at_rest = calls_of_a_turn(f);
  f.loop.remove_writer(pair.first);
  f.loop.add_writer(pair.first, [] {});
  f.loop.add_reader(pair.first, [] {});  // Replaced: the kernel does not care.
  EXPECT_EQ(calls_of_a_turn(f), at_rest);
  f.loop.remove_reader(pair.first);
  f.loop.remove_writer(pair.first);
}

TYPED_TEST(LoopDescriptors, AnIdleLoopAsksNobody) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
  EXPECT_EQ(calls_of_a_turn(f), std::vector<std::string>());
  f.loop.call_soon([] {});
  f.loop.call_later(0ns, [] {});
  EXPECT_EQ(calls_of_a_turn(f), std::vector<std::string>());
}

// ---- What is always ready ----

// R28. In kqueue a file is ready for reading until its end.
TYPED_TEST(LoopDescriptors, R28_FilesAndDirectoriesAreAlwaysReady) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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
    EXPECT_THROW(f.loop.run_once(), std::logic_error);  // Sleeps for ever.
    EXPECT_EQ(writable, 2);
  }
  EXPECT_EQ(f.ms(), 0);
}

// The number of a file becomes that of a pipe, and the other way round.
TYPED_TEST(LoopDescriptors, R28_ANumberIsAFileAndThenAPipe) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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
TYPED_TEST(LoopDescriptors, R28_WhatIsAlwaysReadyStarvesNobody) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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
TYPED_TEST(LoopDescriptors, R69_AllThatIsReadyIsServedOnce) {
  FakeTimeLoop f(std::make_unique<TypeParam>());
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

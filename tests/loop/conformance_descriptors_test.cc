// add_reader() and the like. The names are those of CPython's
// test_selector_events.py and test_events.py where they have the test.

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/files.h"

namespace loop {
namespace {

class LoopDescriptors : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopDescriptors, tests::all_selectors(),
                         tests::name_of);

TEST_P(LoopDescriptors, ReaderCallback) {
  FakeTimeLoop f(make_selector());
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

TEST_P(LoopDescriptors, WriterCallback) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, ReadinessIsALevel) {
  FakeTimeLoop f(make_selector());
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

TEST_P(LoopDescriptors, AddReaderExisting) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, AReaderReplacesItself) {
  FakeTimeLoop f(make_selector());
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

TEST_P(LoopDescriptors, RemoveReaderReadWrite) {
  FakeTimeLoop f(make_selector());
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

TEST_P(LoopDescriptors, RemoveReaderUnknown) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  EXPECT_FALSE(f.loop.remove_reader(pipe.reader));
  EXPECT_FALSE(f.loop.remove_writer(pipe.writer));
  EXPECT_FALSE(f.loop.remove_reader(tests::bad_fd()));
  EXPECT_FALSE(f.loop.remove_reader(1 << 30));
  File closed;
  EXPECT_FALSE(f.loop.remove_reader(closed));
  EXPECT_FALSE(f.loop.remove_writer(closed));
  EXPECT_FALSE(f.loop.remove_reader(-1));
  EXPECT_FALSE(f.loop.remove_writer(-1));
  EXPECT_FALSE(f.loop.remove_reader(static_cast<std::FILE*>(nullptr)));
}

TEST_P(LoopDescriptors, WhatHasNoDescriptorIsRefused) {
  FakeTimeLoop f(make_selector());
  File closed;
  EXPECT_THROW(f.loop.add_reader(closed, [] {}), ValueError);
  EXPECT_THROW(f.loop.add_writer(-1, [] {}), ValueError);
  EXPECT_THROW(f.loop.add_reader(1 << 30, [] {}), OSError);
  f.turn();
}

// Numbers and objects are the same registration; a closed object is found by
// its identity.
TEST_P(LoopDescriptors, RemoveFdsAfterClosing) {
  FakeTimeLoop f(make_selector());
  SocketPair pair;
  f.loop.add_reader(pair.first, [] {});
  EXPECT_TRUE(f.loop.remove_reader(pair.first.fileno()));
  f.loop.add_reader(pair.first, [] {});
  f.loop.add_writer(pair.first, [] {});
  f.turn();
  pair.first.close();
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  EXPECT_FALSE(f.loop.remove_writer(pair.first));
  f.turn();
}

// CPython's _fileobj_lookup finds the registration that was made first.
TEST_P(LoopDescriptors, AClosedObjectOfTwoNumbersIsTheFirst) {
  FakeTimeLoop f(make_selector());
  struct Reopened {
    int fd;
    int fileno() const { return fd; }
  };
  const Pipe low, high;
  Reopened file{high.reader.fileno()};
  f.loop.add_reader(file, [] {});
  file.fd = low.reader.fileno();
  f.loop.add_reader(file, [] {});
  file.fd = -1;
  EXPECT_TRUE(f.loop.remove_reader(file));
  EXPECT_FALSE(f.loop.remove_reader(high.reader.fileno()));
  EXPECT_TRUE(f.loop.remove_reader(file));
  EXPECT_FALSE(f.loop.remove_reader(low.reader.fileno()));
  EXPECT_FALSE(f.loop.remove_reader(file));
}

// ---- What happens in one batch ----

// R64: libuv's test-watcher-cross-stop. Neither the others nor the other side.
TEST_P(LoopDescriptors, R64_AReaderRemovesTheOthersOfItsBatch) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, R64_ACallbackRemovesAReaderThatIsReady) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  pipe.writer.write("x");
  f.loop.add_reader(pipe.reader, [] { ADD_FAILURE() << "came"; });
  f.loop.call_soon([&] { f.loop.remove_reader(pipe.reader); });
  f.turn(2);
}

// And what is removed and added again is new: the kernel was not asked about
// it, so it waits for the next iteration.
TEST_P(LoopDescriptors, R64_AReaderAddedAnewWaitsForTheNextIteration) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, R66_AReaderDestroysItsOwner) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, R66_AReaderOwnsItsFile) {
  FakeTimeLoop f(make_selector());
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
TEST_P(LoopDescriptors, R01_AnEventNeverReachesTheNewOwnerOfItsNumber) {
  FakeTimeLoop f(make_selector());
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

}  // namespace
}  // namespace loop

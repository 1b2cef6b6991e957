// Descriptors whose number means another file than the loop was told: closed by
// a library, opened again, or still open in a child of fork().

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "tests/loop/loop_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::CallCounter;

class LoopReuse : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, LoopReuse, tests::all_selectors(),
                         tests::name_of);

// ---- A number that means another file ----

// libpq, c-ares, libcurl and mosquitto close a socket without a word, and the
// next one gets its number.
struct Reopened {
  Pipe old;
  Pipe fresh;
  File reused;
  int number = -1;

  void reopen() {
    number = old.reader.fileno();
    old.reader.close();
    reused = tests::dup_to(fresh.reader, number);
    fresh.writer.write("x");
  }
};

TEST_P(LoopReuse, AHandlerThatReplacesAsksTheKernelAgain) {
  for (const bool was_level : {false, true}) {
    FakeTimeLoop f(make_selector());
    Reopened r;
    int came = 0;
    f.loop.add_reader(r.old.reader, [] {});
    if (was_level) r.old.writer.write("x");
    f.turn(4);
    r.reopen();
    f.loop.add_reader(r.number, [&] { ++came; });
    f.turn(3);
    EXPECT_EQ(came, 3) << was_level;
    EXPECT_TRUE(f.loop.remove_reader(r.number));
  }
}

TEST_P(LoopReuse, AHandlerOfTheOtherSideAsksTheKernelAgain) {
  FakeTimeLoop f(make_selector());
  SocketPair old;
  const SocketPair fresh;
  const int number = old.first.fileno();
  int read = 0, written = 0;
  f.loop.add_reader(number, [&] { ++read; });
  f.turn();
  old.first.close();
  const File reused = tests::dup_to(fresh.first, number);
  fresh.second.write("x");
  f.loop.add_writer(number, [&] { ++written; });
  f.turn(2);
  EXPECT_EQ(read, 2);
  EXPECT_EQ(written, 2);
  f.loop.remove_reader(number);
  f.loop.remove_writer(number);
}

TEST_P(LoopReuse, OfSeveralReplacementsTheKernelIsAskedOnce) {
  FakeTimeLoop f(make_selector());
  if (!f.selector->forgets_closed()) GTEST_SKIP() << "epoll_ctl";
  const Pipe pipe;
  f.loop.add_reader(pipe.reader, [] {});
  f.turn();
  for (int i = 0; i < 10; ++i) f.loop.add_reader(pipe.reader, [] {});
  const CallCounter calls;
  f.turn();
  EXPECT_EQ(calls.names(),
            (std::vector<std::string>{"epoll_ctl", "epoll_wait"}));
  f.loop.remove_reader(pipe.reader);
}

// ---- A number that is not open ----

// Returns the errno that add() throws; 0 if it throws nothing.
template <class Add>
int refusal_of(Add add) {
  try {
    add();
  } catch (const OSError& error) {
    return error.code().value();
  }
  return 0;
}

// Calls add() in a callback; returns the errno that it throws, or 0.
template <class Add>
int refusal_in_callback_of(FakeTimeLoop& f, Add add) {
  int refusal = 0;
  f.loop.call_soon([&] { refusal = refusal_of(add); });
  f.turn();
  return refusal;
}

// As asyncio does; a coroutine that waits for it must hear of it.
TEST_P(LoopReuse, AClosedNumberIsRefusedAtOnce) {
  FakeTimeLoop f(make_selector());
  Journal journal;
  const int fd = tests::bad_fd();
  const auto try_both = [&] {
    EXPECT_EQ(refusal_of([&] {
                f.loop.add_reader(
                    fd,
                    [alive = at_destruction(note(journal, "destroyed"))] {});
              }),
              EBADF);
    EXPECT_EQ(refusal_of([&] { f.loop.add_writer(fd, [] {}); }), EBADF);
  };
  f.loop.call_soon(try_both);
  f.turn();
  EXPECT_EQ(journal, Journal{"destroyed"});
  EXPECT_FALSE(f.loop.remove_reader(fd));
  EXPECT_THROW(f.loop.run_once(), std::logic_error);  // It does not spin.
}

// Nobody waits for it yet, and a destructor could not catch an exception.
TEST_P(LoopReuse, BeforeTheLoopRunsARefusalIsReported) {
  FakeTimeLoop f(make_selector());
  int reports = 0;
  f.loop.set_exception_handler([&](auto&&...) { ++reports; });
  const int fd = tests::bad_fd();
  EXPECT_EQ(refusal_of([&] { f.loop.add_reader(fd, [] {}); }), 0);
  f.turn(2);
  EXPECT_EQ(reports, 1);
  EXPECT_FALSE(f.loop.remove_reader(fd));
}

TEST_P(LoopReuse, AClosedNumberThatWasKnownOnceIsRefusedAtOnce) {
  FakeTimeLoop f(make_selector());
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  const auto add = [&] { f.loop.add_reader(fd, [] {}); };
  EXPECT_EQ(refusal_of(add), 0);
  f.turn(2);
  EXPECT_TRUE(f.loop.remove_reader(fd));
  f.turn(3);
  pipe.reader.close();
  EXPECT_EQ(refusal_in_callback_of(f, add), EBADF);
}

TEST_P(LoopReuse, AReplacementOnAClosedNumberIsRefusedAtOnce) {
  FakeTimeLoop f(make_selector());
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  const auto add = [&] { f.loop.add_reader(fd, [] {}); };
  EXPECT_EQ(refusal_of(add), 0);
  int refusal = 0;
  bool is_kept = false;
  f.loop.call_soon([&] {
    pipe.reader.close();
    refusal = refusal_of(add);
    is_kept = f.loop.remove_reader(fd);
  });
  f.turn();
  EXPECT_EQ(refusal, EBADF);
  EXPECT_TRUE(is_kept);  // The old one.
}

// A number is asked about when it gets its first handler, and then no more as
// long as it has one in each iteration.
TEST_P(LoopReuse, WhatTheLoopKnowsCostsNoCall) {
  FakeTimeLoop f(make_selector());
  const Pipe pipe;
  const auto calls_of_a_round = [&] {
    f.loop.call_soon([&] {
      for (int i = 0; i < 3; ++i) {
        f.loop.add_reader(pipe.reader, [] {});
        f.loop.remove_reader(pipe.reader);
      }
    });
    const CallCounter calls;
    f.turn();
    return calls.names();
  };
  EXPECT_EQ(calls_of_a_round(), std::vector<std::string>{"fcntl"});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(calls_of_a_round(), std::vector<std::string>());
  }
  f.turn(2);
  EXPECT_EQ(calls_of_a_round(), std::vector<std::string>{"fcntl"});
}

// ---- Refused handlers ----

TEST_P(LoopReuse, ARefusedHandlerThatAddsItselfAgainStarvesNobody) {
  FakeTimeLoop f(make_selector());
  if (f.selector->name() != "EpollSelector" &&
      f.selector->name() != "KqueueSelector") {
    GTEST_SKIP() << "registers without asking";
  }
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  int tries = 0;
  std::function<void()> again = [&] {
    if (++tries > 6) return;
    f.loop.add_reader(fd, [alive = at_destruction([&] { again(); })] {});
  };
  again();
  pipe.reader.close();
  int others = 0;
  for (int i = 1; i <= 5; ++i) {
    f.loop.call_soon([&] { ++others; });
    f.turn();
    EXPECT_EQ(tries, i + 1);
    EXPECT_EQ(others, i);
  }
  f.turn(2);
  EXPECT_EQ(f.take_errors().size(), 6u);
}

// ---- Entries that outlive their number ----

// A child of fork() has a copy of the file, in which data waits. Watched once,
// as a level, by a coroutine that removes its reader each time.
class Copied {
 public:
  enum class Use { kNone, kLevel, kOnce };
  static constexpr std::array kUses = {Use::kNone, Use::kLevel, Use::kOnce};

  Copied(FakeTimeLoop& f, Use use) : f_(f) {
    f_.loop.add_reader(pipe_.reader, [] {});
    f_.turn();
    pipe_.writer.write("x");
    if (use == Use::kLevel) f_.turn(4);
    for (int i = 0; use == Use::kOnce && i < 4; ++i) {
      f_.loop.remove_reader(pipe_.reader);
      f_.loop.add_reader(pipe_.reader, [] {});
      f_.turn();
    }
  }
  void remove() { f_.loop.remove_reader(number_); }
  void close() { pipe_.reader.close(); }

 private:
  FakeTimeLoop& f_;
  Pipe pipe_;
  const File copy_ = tests::dup_at_least(pipe_.reader, 0);
  const int number_ = pipe_.reader.fileno();
};

// However many there are: the calls are those for one descriptor.
TEST_P(LoopReuse, RemovedAndClosedCostsNothingForTheOthers) {
  for (const Copied::Use use : Copied::kUses) {
    FakeTimeLoop f(make_selector());
    if (!f.selector->forgets_closed()) GTEST_SKIP() << "epoll_ctl";
    const std::vector<Pipe> others(200);
    for (const Pipe& pipe : others) f.loop.add_reader(pipe.reader, [] {});
    Copied copied(f, use);
    f.turn();
    {
      const CallCounter calls;
      copied.remove();
      copied.close();
      f.turn(10);
      EXPECT_LE(calls.count(), 10u + 3u) << static_cast<int>(use);
    }
    f.loop.close();
  }
}

// Nor does it wake a loop that sleeps: the second time it would sleep forever.
TEST_P(LoopReuse, RemovedAndClosedDoesNotSpin) {
  for (const Copied::Use use : Copied::kUses) {
    FakeTimeLoop f(make_selector());
    Copied copied(f, use);
    copied.remove();
    copied.close();
    f.turn(3);
    EXPECT_THROW(f.loop.run_once(), std::logic_error);
  }
}

// A library closes it first. Whether or not another loop watches this one.
TEST_P(LoopReuse, ClosedAndThenRemovedDoesNotSpin) {
  for (const Copied::Use use : Copied::kUses) {
    for (const bool is_guest : {false, true}) {
      FakeTimeLoop f(make_selector());
      if (f.selector->name() == "SelectSelector") {
        GTEST_SKIP() << "select() throws";
      }
      if (is_guest && f.selector->forgets_closed()) f.selector->fileno();
      Copied copied(f, use);
      copied.close();
      copied.remove();
      f.turn(3);
      EXPECT_THROW(f.loop.run_once(), std::logic_error);
    }
  }
}

// What a task that waits for one message after the other costs: one call that
// changes the entry.
TEST_P(LoopReuse, RemovedAndAddedCostsOneChange) {
  for (const Copied::Use use : Copied::kUses) {
    FakeTimeLoop f(make_selector());
    if (!f.selector->forgets_closed()) GTEST_SKIP() << "epoll_ctl";
    const Pipe pipe;
    const auto add = [&] {
      f.loop.add_reader(pipe.reader,
                        [&] { f.loop.remove_reader(pipe.reader); });
    };
    add();
    f.turn();
    if (use != Copied::Use::kNone) pipe.writer.write("x");
    for (int i = 0; i < 5; ++i) {
      f.loop.remove_reader(pipe.reader);
      add();
      const CallCounter calls;
      f.turn();
      EXPECT_EQ(calls.names(),
                (std::vector<std::string>{"epoll_ctl", "epoll_wait"}));
    }
    f.loop.remove_reader(pipe.reader);
  }
}

// ---- Callbacks whose copying uses the loop ----

// Calls `use` when it is copied.
struct UsesTheLoop {
  explicit UsesTheLoop(std::function<void()> f) : use(std::move(f)) {}
  UsesTheLoop(const UsesTheLoop& other) : use(other.use) { use(); }
  void operator()() const {}
  std::function<void()> use;
};

TEST_P(LoopReuse, ACopyThatAddsAndRemovesHandlers) {
  FakeTimeLoop f(make_selector());
  const SocketPair pair;
  const File high = tests::dup_at_least(pair.first, 700);
  int came = 0;
  const UsesTheLoop callback([&] {
    // The table grows; the other side and this one change.
    f.loop.add_writer(high, [&] { ++came; });
    f.loop.add_writer(pair.first, [&] { ++came; });
    f.loop.add_reader(pair.first, [] { ADD_FAILURE() << "was replaced"; });
  });
  pair.second.write("x");
  f.loop.add_reader(pair.first, callback);
  f.turn();
  EXPECT_EQ(came, 2);
  EXPECT_TRUE(f.loop.remove_reader(pair.first));
  EXPECT_FALSE(f.loop.remove_reader(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(pair.first));
  EXPECT_TRUE(f.loop.remove_writer(high));
}

// ---- What is always ready ----

// The last one takes the place of the one that is removed.
TEST_P(LoopReuse, WhatIsAlwaysReadyIsRemovedInAnyOrder) {
  FakeTimeLoop f(make_selector());
  const std::vector<tests::TempFile> files(5);
  std::array<int, 5> came{};
  for (std::size_t i = 0; i < files.size(); ++i) {
    f.loop.add_writer(files[i], [&came, i] { ++came[i]; });
  }
  f.turn();
  std::array<int, 5> expected = {1, 1, 1, 1, 1};
  EXPECT_EQ(came, expected);
  std::array<bool, 5> removed{};
  for (const std::size_t i : {1u, 4u, 0u, 3u, 2u}) {
    EXPECT_TRUE(f.loop.remove_writer(files[i]));
    removed[i] = true;
    f.turn();
    for (std::size_t j = 0; j < 5; ++j) expected[j] += removed[j] ? 0 : 1;
    EXPECT_EQ(came, expected);
  }
  EXPECT_THROW(f.loop.run_once(), std::logic_error);
}

}  // namespace
}  // namespace loop

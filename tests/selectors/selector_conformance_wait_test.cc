// The sentences of base_selector.h about select(): that it tells all, that a
// signal does not end it, and what the modifiers do.

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "selectors/default_selector.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"

namespace selectors {
namespace {

class SelectorWaitTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, SelectorWaitTest, tests::all_selectors(),
                         tests::name_of);
INSTANTIATE_TEST_SUITE_P(
    Default, SelectorWaitTest,
    ::testing::Values(tests::selector_kind<DefaultSelector>("DefaultSelector")),
    tests::name_of);

TEST_P(SelectorWaitTest, ReportsForAsLongAsItIsReady) {
  const auto s = make_selector();
  const Pipe pipe;
  const Ready ready = {{pipe.reader.fileno(), EVENT_READ}};
  s->register_(pipe.reader, EVENT_READ);
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.write("xy");
  EXPECT_EQ(ready_now(*s), ready);
  EXPECT_EQ(ready_now(*s), ready);
  pipe.reader.read(1);
  EXPECT_EQ(ready_now(*s), ready);
  pipe.reader.read(1);
  EXPECT_EQ(ready_now(*s), Ready());
}

TEST_P(SelectorWaitTest, ReportsWritersUntilTheyAreFull) {
  const auto s = make_selector();
  const Pipe pipe;
  const SocketPair pair;
  s->register_(pipe.writer, EVENT_WRITE);
  s->register_(pair.first, EVENT_BOTH);
  EXPECT_EQ(ready_now(*s), (Ready{{pipe.writer.fileno(), EVENT_WRITE},
                                  {pair.first.fileno(), EVENT_WRITE}}));
  pipe.fill();
  pair.fill_first();
  EXPECT_EQ(ready_now(*s), Ready());
  pair.second.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{pair.first.fileno(), EVENT_READ}}));
}

// R69: the first buffer of a selector has room for a few; none may starve
// behind those that are ready all the time.
TEST_P(SelectorWaitTest, ReportsAllThatAreReadyOnceEach) {
  const auto s = make_selector();
  const bool few = s->name() == "SelectSelector";  // FD_SETSIZE is 1024.
  const std::size_t count = few ? 400 : 3000;
  const tests::MostOpenFiles limit;
  if (limit.count() < 2 * count + 64) {
    GTEST_SKIP() << "RLIMIT_NOFILE is " << limit.count();
  }
  const std::vector<Pipe> pipes(count);
  Ready all;
  for (const Pipe& pipe : pipes) {
    s->register_(pipe.reader, EVENT_READ);
    pipe.writer.write("x");
    all[pipe.reader.fileno()] = EVENT_READ;
  }
  EXPECT_EQ(ready_now(*s, std::nullopt), all);
  EXPECT_EQ(ready_now(*s, 1s), all);
  // Fewer again: those that are left, and nothing left over.
  for (std::size_t i = 10; i < count; ++i) {
    pipes[i].reader.read();
    all.erase(pipes[i].reader.fileno());
  }
  EXPECT_EQ(ready_now(*s), all);
}

TEST_P(SelectorWaitTest, WakesForWhatAnotherThreadDoes) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  std::thread writer([&] { pipe.writer.write("x"); });
  EXPECT_EQ(ready_now(*s, std::nullopt),
            (Ready{{pipe.reader.fileno(), EVENT_READ}}));
  writer.join();
}

// "One thread at a time, which need not always be the same one."
TEST_P(SelectorWaitTest, ThreadsMayTakeTurns) {
  auto s = make_selector();
  const Pipe pipe;
  std::thread([&] { s->register_(pipe.writer, EVENT_WRITE); }).join();
  std::thread([&] { EXPECT_EQ(s->select().size(), 1u); }).join();
  EXPECT_EQ(s->select().size(), 1u);
  std::thread([&] { s.reset(); }).join();
}

TEST_P(SelectorWaitTest, InterruptHookRunsWhereTheWaitIs) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  int calls = 0;
  s->set_interrupt_hook([&, me = std::this_thread::get_id()] {
    EXPECT_EQ(std::this_thread::get_id(), me);
    // If it returns, the wait goes on.
    if (++calls == 3) pipe.writer.write("x");
  });
  const Alarms alarms(2ms);
  EXPECT_EQ(ready_now(*s, std::nullopt),
            (Ready{{pipe.reader.fileno(), EVENT_READ}}));
  EXPECT_EQ(calls, 3);
}

TEST_P(SelectorWaitTest, InterruptHookMayThrow) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  s->set_interrupt_hook([] { throw std::logic_error("interrupted"); });
  {
    const Alarms alarms(2ms);
    EXPECT_THROW(s->select(), std::logic_error);
    EXPECT_THROW(s->select(30s), std::logic_error);
  }
  // And the selector is as before.
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
}

TEST_P(SelectorWaitTest, InterruptHookIsReplacedAndRemoved) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  int first = 0, second = 0;
  s->set_interrupt_hook([&] { ++first; });
  s->set_interrupt_hook([&] {
    if (++second == 2) pipe.writer.write("x");
  });
  const Alarms alarms(2ms);
  EXPECT_EQ(s->select().size(), 1u);
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 2);
  pipe.reader.read();
  s->set_interrupt_hook({});
  EXPECT_TRUE(s->select(30ms).empty());
  EXPECT_EQ(second, 2);
}

TEST_P(SelectorWaitTest, InterruptHookMayRemoveItself) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  auto calls = std::make_shared<int>(0);
  s->set_interrupt_hook([&s, &pipe, calls] {
    s->set_interrupt_hook({});
    ++*calls;  // What it captured is still there.
    pipe.writer.write("x");
  });
  const Alarms alarms(2ms);
  EXPECT_EQ(s->select().size(), 1u);
  EXPECT_EQ(*calls, 1);
  EXPECT_EQ(calls.use_count(), 1);
}

TEST_P(SelectorWaitTest, InterruptHookMayRegisterAndUnregister) {
  const auto s = make_selector();
  const SocketPair pair, other;
  s->register_(pair.first, EVENT_READ);
  s->set_interrupt_hook([&] {
    s->unregister(pair.first);
    s->register_(other.first, EVENT_WRITE);
  });
  const Alarms alarms(2ms);
  EXPECT_EQ(ready_now(*s, std::nullopt),
            (Ready{{other.first.fileno(), EVENT_WRITE}}));
}

TEST_P(SelectorWaitTest, InterruptHookMaySelect) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  const SocketPair pair;
  s->register_(pair.first, EVENT_READ);
  int calls = 0;
  s->set_interrupt_hook([&] {
    pipe.writer.write("x");
    EXPECT_EQ(ready_now(*s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
    // Not ready any more: the outer select() must not say that it is.
    EXPECT_EQ(pipe.reader.read(), "x");
    if (++calls == 3) pair.second.write("x");
  });
  const Alarms alarms(2ms);
  EXPECT_EQ(ready_now(*s, std::nullopt),
            (Ready{{pair.first.fileno(), EVENT_READ}}));
  EXPECT_EQ(calls, 3);
}

TEST_P(SelectorWaitTest, InterruptHookMayCloseTheSelector) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  s->set_interrupt_hook([&] { s->close(); });
  const Alarms alarms(2ms);
  EXPECT_THROW(s->select(), ValueError);
  EXPECT_EQ(s->get_map(), nullptr);
}

TEST_P(SelectorWaitTest, ModifiersAreRefusedWhereTheKernelHasNone) {
  const auto s = make_selector();
  if (has_modifiers(*s)) GTEST_SKIP() << "this one has them";
  const Pipe pipe;
  for (const EventMask modifier : {EVENT_EDGE, EVENT_ONESHOT}) {
    EXPECT_THROW(s->register_(pipe.writer, EVENT_WRITE | modifier), ValueError);
    EXPECT_TRUE(s->get_map()->empty());
    s->register_(pipe.writer, EVENT_WRITE, 7);
    EXPECT_THROW(s->modify(pipe.writer, EVENT_WRITE | modifier), ValueError);
    EXPECT_EQ(std::any_cast<int>(s->get_key(pipe.writer).data), 7);
    EXPECT_EQ(ready_now(*s), (Ready{{pipe.writer.fileno(), EVENT_WRITE}}));
    s->unregister(pipe.writer);
  }
}

TEST_P(SelectorWaitTest, EdgeReportsWhatIsNew) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no EVENT_EDGE";
  const Pipe pipe;
  const Ready ready = {{pipe.reader.fileno(), EVENT_READ}};
  pipe.writer.write("x");
  s->register_(pipe.reader, EVENT_READ | EVENT_EDGE);
  EXPECT_EQ(ready_now(*s), ready);
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.reader.read();
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.write("y");
  EXPECT_EQ(ready_now(*s), ready);
  EXPECT_EQ(ready_now(*s), Ready());
}

TEST_P(SelectorWaitTest, OneshotReportsOnceUntilModify) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no EVENT_ONESHOT";
  const SocketPair pair;
  const int fd = pair.first.fileno();
  s->register_(pair.first, EVENT_BOTH | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_WRITE}}));
  pair.second.write("x");  // Reading was asked for, too, but once is once.
  EXPECT_EQ(ready_now(*s), Ready());
  s->modify(pair.first, EVENT_BOTH | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_BOTH}}));
  EXPECT_EQ(ready_now(*s), Ready());
  s->modify(pair.first, EVENT_READ);  // Without: as any other.
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
  s->modify(pair.first, EVENT_READ | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
  s->unregister(pair.first);  // While it is spent.
  s->register_(pair.first, EVENT_READ);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
}

// A batch that needs more than one question must not ask away what comes once.
TEST_P(SelectorWaitTest, ManyOneshotsAreReportedOnceEach) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no EVENT_ONESHOT";
  const std::vector<SocketPair> pairs(200);
  for (const auto& [end, peer] : pairs) peer.write("x");
  // One event more, so that where a kernel tells "readable" and "writable"
  // apart, the two of one descriptor fall on different questions.
  const SocketPair odd;
  for (const EventMask modifier : {EVENT_ONESHOT, EVENT_EDGE}) {
    s->register_(odd.first, EVENT_WRITE | modifier);
    Ready all = {{odd.first.fileno(), EVENT_WRITE}};
    for (const auto& [end, peer] : pairs) {
      s->register_(end, EVENT_BOTH | modifier);
      all[end.fileno()] = EVENT_BOTH;
    }
    EXPECT_EQ(ready_now(*s), all);
    EXPECT_EQ(ready_now(*s), Ready());
    for (const auto& [fd, events] : all) s->unregister(fd);
  }
}

TEST_P(SelectorWaitTest, OneSelectorWatchesAnother) {
  const auto inner = make_selector(), outer = make_selector();
  if (!has_descriptor(*inner)) GTEST_SKIP() << "it has no descriptor";
  if (inner->name() == "DevpollSelector") {
    GTEST_SKIP() << "Solaris does not let /dev/poll be watched";
  }
  const Pipe pipe;
  inner->register_(pipe.reader, EVENT_READ);
  outer->register_(*inner, EVENT_READ);
  EXPECT_EQ(ready_now(*outer), Ready());
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(*outer), (Ready{{inner->fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(*inner), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
  pipe.reader.read();
  EXPECT_EQ(ready_now(*outer), Ready());
  outer->unregister(*inner);
}

}  // namespace
}  // namespace selectors

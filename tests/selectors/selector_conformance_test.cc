// What every selector must do, in CPython's words: the tests are those of
// Lib/test/test_selectors.py (3.13), in its order and under its names, and the
// waits are shorter. RegisterFile is in epoll_selector_test.cc, RegisterBadFd
// in kqueue_selector_test.cc. What the C++ contract adds stands in the
// selector_conformance_*_test.cc beside this file.

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "selectors/default_selector.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

class SelectorTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, SelectorTest, tests::all_selectors(),
                         tests::name_of);
INSTANTIATE_TEST_SUITE_P(
    Default, SelectorTest,
    ::testing::Values(tests::selector_kind<DefaultSelector>("DefaultSelector")),
    tests::name_of);

TEST_P(SelectorTest, Register) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  const SelectorKey& key = s->register_(rd, EVENT_READ, std::string("data"));
  EXPECT_EQ(key.fileobj, FileObj(rd));
  EXPECT_EQ(key.fd, rd.fileno());
  EXPECT_EQ(key.events, EVENT_READ);
  EXPECT_EQ(text_of(key), "data");

  // Register an unknown event.
  EXPECT_THROW(s->register_(0, 999999), ValueError);

  // Register an invalid FD.
  EXPECT_THROW(s->register_(-10, EVENT_READ), ValueError);

  // Register twice.
  EXPECT_THROW(s->register_(rd, EVENT_READ), KeyError);

  // Register the same FD, but with a different object.
  EXPECT_THROW(s->register_(rd.fileno(), EVENT_READ), KeyError);
}

TEST_P(SelectorTest, Unregister) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  s->register_(rd, EVENT_READ);
  s->unregister(rd);

  // Unregister an unknown file obj.
  EXPECT_THROW(s->unregister(999999), KeyError);

  // Unregister twice.
  EXPECT_THROW(s->unregister(rd), KeyError);
}

TEST_P(SelectorTest, UnregisterAfterFdClose) {
  const auto s = make_selector();
  auto [rd, wr] = SocketPair();
  const int r = rd.fileno(), w = wr.fileno();
  s->register_(r, EVENT_READ);
  s->register_(w, EVENT_WRITE);
  rd.close();
  wr.close();
  s->unregister(r);
  s->unregister(w);
  EXPECT_TRUE(s->get_map()->empty());
}

TEST_P(SelectorTest, UnregisterAfterFdCloseAndReuse) {
  const auto s = make_selector();
  auto [rd, wr] = SocketPair();
  const int r = rd.fileno(), w = wr.fileno();
  s->register_(r, EVENT_READ);
  s->register_(w, EVENT_WRITE);
  const auto [rd2, wr2] = SocketPair();
  rd.close();
  wr.close();
  const File r2 = tests::dup_to(rd2, r);
  const File w2 = tests::dup_to(wr2, w);
  s->unregister(r);
  s->unregister(w);
  EXPECT_TRUE(s->get_map()->empty());
}

TEST_P(SelectorTest, UnregisterAfterSocketClose) {
  const auto s = make_selector();
  auto [rd, wr] = SocketPair();
  s->register_(rd, EVENT_READ);
  s->register_(wr, EVENT_WRITE);
  rd.close();
  wr.close();
  s->unregister(rd);
  s->unregister(wr);
  EXPECT_TRUE(s->get_map()->empty());
}

TEST_P(SelectorTest, Modify) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  // Modify events.
  EXPECT_EQ(s->register_(rd, EVENT_READ).events, EVENT_READ);
  const SelectorKey& key2 = s->modify(rd, EVENT_WRITE);
  EXPECT_EQ(key2.events, EVENT_WRITE);
  EXPECT_EQ(&key2, &s->get_key(rd));

  s->unregister(rd);

  // Modify data.
  s->register_(rd, EVENT_READ, std::string("d1"));
  const SelectorKey& key3 = s->modify(rd, EVENT_READ, std::string("d2"));
  EXPECT_EQ(key3.events, EVENT_READ);
  EXPECT_EQ(text_of(key3), "d2");
  EXPECT_EQ(&key3, &s->get_key(rd));

  // Modify unknown file obj.
  EXPECT_THROW(s->modify(999999, EVENT_READ), KeyError);

  // Modify uses a shortcut.
  const tests::CallCounter calls;
  EXPECT_EQ(text_of(s->modify(rd, EVENT_READ, std::string("d3"))), "d3");
  EXPECT_EQ(calls.count(), 0u);
}

// The fd is unregistered in case of an error in modify(): bpo-30014.
TEST_P(SelectorTest, ModifyUnregister) {
  const auto s = make_selector();
  if (!has_descriptor(*s)) {
    GTEST_SKIP() << "modify() asks the kernel nothing that it could refuse";
  }
  const auto [rd, wr] = SocketPair();
  s->register_(rd, EVENT_READ);
  EXPECT_EQ(s->get_map()->size(), 1u);
  {
    const tests::FaultInjector fault(1, ENOMEM);
    EXPECT_EQ(errno_of([&, &rd = rd] { s->modify(rd, EVENT_WRITE); }), ENOMEM);
  }
  EXPECT_EQ(s->get_map()->size(), 0u);
  EXPECT_EQ(ready_now(*s), Ready());  // Though it could be written to.
}

TEST_P(SelectorTest, Close) {
  const auto s = make_selector();
  const SelectorMap& mapping = *s->get_map();
  const auto [rd, wr] = SocketPair();

  s->register_(rd, EVENT_READ);
  s->register_(wr, EVENT_WRITE);

  s->close();
  EXPECT_THROW(s->get_key(rd), RuntimeError);
  EXPECT_THROW(s->get_key(wr), RuntimeError);
  EXPECT_THROW(mapping[rd], KeyError);
  EXPECT_THROW(mapping[wr], KeyError);
  EXPECT_EQ(mapping.get(rd), nullptr);
  EXPECT_EQ(mapping.get(wr), nullptr);
}

TEST_P(SelectorTest, GetKey) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  const SelectorKey& key = s->register_(rd, EVENT_READ, std::string("data"));
  EXPECT_EQ(&key, &s->get_key(rd));

  // Unknown file obj.
  EXPECT_THROW(s->get_key(999999), KeyError);
}

TEST_P(SelectorTest, GetMap) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  const SelectorMap& keys = *s->get_map();
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(keys.size(), 0u);
  EXPECT_EQ(keys.begin(), keys.end());
  EXPECT_EQ(keys.get(rd), nullptr);
  const SelectorKey& key = s->register_(rd, EVENT_READ, std::string("data"));
  EXPECT_TRUE(keys.contains(rd));
  EXPECT_EQ(&key, keys.get(rd));
  EXPECT_EQ(&key, &keys[rd]);
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_EQ(std::distance(keys.begin(), keys.end()), 1);
  EXPECT_EQ(&*keys.begin(), &key);
  EXPECT_EQ(keys.begin()->fd, rd.fileno());

  // Unknown file obj.
  EXPECT_THROW(keys[999999], KeyError);

  // Read-only mapping.
  static_assert(std::is_const_v<std::remove_reference_t<decltype(keys[rd])>>);
  static_assert(
      std::is_const_v<std::remove_reference_t<decltype(*keys.begin())>>);
}

TEST_P(SelectorTest, Select) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  s->register_(rd, EVENT_READ);
  const SelectorKey& wr_key = s->register_(wr, EVENT_WRITE);

  const auto result = s->select();
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(&result[0].key, &wr_key);
  EXPECT_EQ(result[0].events, EVENT_WRITE);
}

// gh-110038: what is registered for both comes with both from a single call.
TEST_P(SelectorTest, SelectReadWrite) {
  const auto s = make_selector();
  const auto [sock1, sock2] = SocketPair();
  sock2.write("foo");
  const SelectorKey& my_key = s->register_(sock1, EVENT_BOTH);

  // Python also allows two entries with the same key.
  const auto result = s->select();
  ASSERT_EQ(result.size(), 1u);
  EXPECT_EQ(&result[0].key, &my_key);
  EXPECT_EQ(result[0].events, EVENT_BOTH);
}

TEST_P(SelectorTest, ContextManager) {
  const auto [rd, wr] = SocketPair();
  const auto before = tests::open_fds();
  {
    const auto s = make_selector();
    s->register_(rd, EVENT_READ);
    s->register_(wr, EVENT_WRITE);
  }
  EXPECT_EQ(tests::open_fds(), before);
}

TEST_P(SelectorTest, Fileno) {
  const auto s = make_selector();
  if (has_descriptor(*s)) {
    EXPECT_GE(s->fileno(), 0);
  } else {
    EXPECT_THROW(s->fileno(), ValueError);
  }
}

TEST_P(SelectorTest, Selector) {
  const auto s = make_selector();
  constexpr std::size_t kSockets = 12;
  const std::string message = " This is a test.";
  const std::vector<SocketPair> pairs(kSockets);
  for (const SocketPair& pair : pairs) {
    s->register_(pair.first, EVENT_READ, &pair);
    s->register_(pair.second, EVENT_WRITE, &pair);
  }
  const auto matching = [&s](EventMask flag) {
    std::vector<const SocketPair*> found;
    for (const auto& [key, events] : s->select()) {
      if (events & flag) {
        found.push_back(std::any_cast<const SocketPair*>(key.data));
      }
    }
    return found;
  };

  std::mt19937 random(20);
  for (std::size_t left = kSockets; left > 0; --left) {
    const auto writers = matching(EVENT_WRITE);
    ASSERT_EQ(writers.size(), left);
    const SocketPair* const chosen = writers[random() % left];
    chosen->second.write(message);

    EXPECT_EQ(matching(EVENT_READ), std::vector{chosen});
    EXPECT_EQ(chosen->first.read(), message);
    s->unregister(chosen->first);
    s->unregister(chosen->second);
  }
}

// bpo-23009: select() works when no FD is registered.
TEST_P(SelectorTest, EmptySelect) {
  const auto s = make_selector();
  EXPECT_TRUE(s->select(0s).empty());
}

TEST_P(SelectorTest, WaitLimit) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();

  s->register_(wr, EVENT_WRITE);
  const Stopwatch ready;
  EXPECT_EQ(s->select(0s).size(), 1u);
  EXPECT_EQ(s->select(-1s).size(), 1u);
  EXPECT_LT(ready.elapsed(), 500ms);

  s->unregister(wr);
  s->register_(rd, EVENT_READ);
  const Stopwatch idle;
  EXPECT_TRUE(s->select(0s).empty());
  EXPECT_TRUE(s->select(-1s).empty());
  EXPECT_LT(idle.elapsed(), 500ms);

  const Stopwatch waiting;
  EXPECT_TRUE(s->select(30ms).empty());
  EXPECT_GE(waiting.elapsed(), 30ms);
}

// A signal handler that raises is, here, an interrupt hook that throws.
TEST_P(SelectorTest, SelectInterruptExc) {
  struct InterruptSelect {};
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();
  s->register_(rd, EVENT_READ);
  s->set_interrupt_hook([] { throw InterruptSelect(); });
  const Alarms alarms(2ms);
  const Stopwatch stopwatch;
  EXPECT_THROW(s->select(30s), InterruptSelect);
  EXPECT_LT(stopwatch.elapsed(), 5s);
}

TEST_P(SelectorTest, SelectInterruptNoraise) {
  const auto s = make_selector();
  const auto [rd, wr] = SocketPair();
  s->register_(rd, EVENT_READ);
  const Alarms alarms(2ms);
  const Stopwatch stopwatch;
  EXPECT_TRUE(s->select(50ms).empty());
  EXPECT_GE(stopwatch.elapsed(), 50ms);
}

// In Python a test of ScalableSelectorMixIn: all but select().
TEST_P(SelectorTest, AboveFdSetsize) {
  const auto s = make_selector();
  if (s->name() == "SelectSelector") {
    GTEST_SKIP() << "select() has no room for them";
  }
  constexpr std::size_t kPairs = 1024;
  const tests::MostOpenFiles limit;
  if (limit.count() < 2 * kPairs + 64) {
    GTEST_SKIP() << "RLIMIT_NOFILE is " << limit.count();
  }
  const std::vector<SocketPair> pairs(kPairs);
  for (const auto& [rd, wr] : pairs) {
    s->register_(rd, EVENT_READ);
    s->register_(wr, EVENT_WRITE);
  }
  EXPECT_EQ(ready_now(*s, std::nullopt).size(), kPairs);
}

// bpo-23009, bpo-29255: the timeout is applied when no FD is registered. In
// Python a test of kqueue alone.
TEST_P(SelectorTest, EmptySelectTimeout) {
  const auto s = make_selector();
  const Stopwatch stopwatch;
  EXPECT_TRUE(s->select(30ms).empty());
  EXPECT_GE(stopwatch.elapsed(), 30ms);
}

}  // namespace
}  // namespace selectors

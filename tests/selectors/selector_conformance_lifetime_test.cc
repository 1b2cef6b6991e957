// The sentences of base_selector.h about how long things live: walked keys, the
// data in them, whose destructors may do anything, and a forked child.

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "selectors/default_selector.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

class SelectorLifetimeTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, SelectorLifetimeTest,
                         tests::all_selectors(), tests::name_of);
INSTANTIATE_TEST_SUITE_P(
    Default, SelectorLifetimeTest,
    ::testing::Values(tests::selector_kind<DefaultSelector>("DefaultSelector")),
    tests::name_of);

TEST_P(SelectorLifetimeTest, WalkedKeysStayAsTheyWere) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(5);
  for (const auto& [end, peer] : pairs) {
    s->register_(end, EVENT_WRITE, std::to_string(end.fileno()));
  }
  const auto batch = s->select(0s);
  ASSERT_EQ(batch.size(), pairs.size());
  const auto as_they_were = [&batch] {
    for (const auto& [key, events] : batch) {
      EXPECT_EQ(text_of(key), std::to_string(key.fd));
      EXPECT_EQ(key.fileobj.fileno(), key.fd);
      EXPECT_EQ(key.events, EVENT_WRITE);
      EXPECT_EQ(events, EVENT_WRITE);
    }
  };
  const auto object = [&batch](std::size_t i) { return batch[i].key.fileobj; };

  s->modify(object(0), EVENT_READ, std::string("new data and events"));
  s->modify(object(0), EVENT_BOTH, std::string("and newer"));
  s->modify(object(1), EVENT_WRITE, std::string("new data"));
  s->unregister(object(2));
  s->unregister(object(3));
  s->register_(object(3), EVENT_READ, std::string("somebody else"));
  s->unregister(object(3));
  s->register_(object(3), EVENT_BOTH, std::string("and somebody else"));
  as_they_were();
  const std::vector<Pipe> more(200);  // The table grows.
  for (const Pipe& pipe : more) s->register_(pipe.reader, EVENT_READ);
  as_they_were();

  // The table holds the new registration.
  EXPECT_EQ(text_of(s->get_key(object(0))), "and newer");
  EXPECT_EQ(text_of(s->get_key(object(1))), "new data");
  EXPECT_THROW(s->get_key(object(2)), KeyError);
  EXPECT_EQ(text_of(s->get_key(object(3))), "and somebody else");
  EXPECT_EQ(s->get_map()->size(), 4 + more.size());

  const int gone = batch[2].key.fd;
  const Ready ready = ready_now(*s);
  EXPECT_EQ(ready.size(), 4u);
  EXPECT_FALSE(ready.contains(gone));
}

TEST_P(SelectorLifetimeTest, EveryWalkedKeyMayBeUnregistered) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(20);
  for (int round = 0; round < 3; ++round) {
    for (const auto& [end, peer] : pairs) s->register_(end, EVENT_WRITE);
    for (const auto& [key, events] : s->select()) s->unregister(key.fileobj);
    EXPECT_TRUE(s->get_map()->empty());
  }
  EXPECT_EQ(ready_now(*s), Ready());
}

TEST_P(SelectorLifetimeTest, AWalkedKeyStaysIfModifyFails) {
  const auto s = make_selector();
  if (!has_descriptor(*s)) GTEST_SKIP() << "modify() cannot fail";
  const SocketPair pair;
  s->register_(pair.first, EVENT_WRITE, std::string("data"));
  const auto batch = s->select(0s);
  ASSERT_EQ(batch.size(), 1u);
  {
    const tests::FaultInjector fault(1, ENOMEM);
    EXPECT_EQ(errno_of([&] { s->modify(pair.first, EVENT_BOTH); }), ENOMEM);
  }
  EXPECT_TRUE(s->get_map()->empty());
  EXPECT_EQ(text_of(batch[0].key), "data");
  EXPECT_EQ(batch[0].key.events, EVENT_WRITE);
  EXPECT_EQ(ready_now(*s), Ready());
}

TEST_P(SelectorLifetimeTest, DataDiesWithItsKey) {
  const auto s = make_selector();
  const Pipe pipe;
  int dead = 0;
  const auto data = [&dead] { return at_destruction([&dead] { ++dead; }); };
  s->register_(pipe.writer, EVENT_WRITE, data());
  EXPECT_EQ(dead, 0);
  s->modify(pipe.writer, EVENT_WRITE, data());
  EXPECT_EQ(dead, 1);
  s->unregister(pipe.writer);
  EXPECT_EQ(dead, 2);
  s->register_(pipe.writer, EVENT_WRITE, data());
  EXPECT_THROW(s->register_(pipe.writer, EVENT_WRITE, data()), KeyError);
  EXPECT_EQ(dead, 3);
  s->close();
  EXPECT_EQ(dead, 4);
}

TEST_P(SelectorLifetimeTest, DataOfAWalkedKeyDiesWithTheBatch) {
  const auto s = make_selector();
  const Pipe pipe;
  int dead = 0;
  const auto data = [&dead] { return at_destruction([&dead] { ++dead; }); };
  s->register_(pipe.writer, EVENT_WRITE, data());
  ASSERT_EQ(s->select(0s).size(), 1u);
  s->modify(pipe.writer, EVENT_WRITE, data());
  s->unregister(pipe.writer);
  EXPECT_EQ(dead, 1);  // Of the one that replaced the walked one.
  s->select(0s);
  EXPECT_EQ(dead, 2);

  s->register_(pipe.writer, EVENT_WRITE, data());
  ASSERT_EQ(s->select(0s).size(), 1u);
  s->unregister(pipe.writer);
  EXPECT_EQ(dead, 2);
  s->close();
  EXPECT_EQ(dead, 3);
}

TEST_P(SelectorLifetimeTest, ADestructorMayCallBackFromSelect) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(4);
  int dead = 0;
  s->register_(pairs[0].first, EVENT_WRITE);
  for (std::size_t i : {1u, 2u}) {
    s->register_(pairs[i].first, EVENT_WRITE, at_destruction([&, i] {
                   ++dead;
                   if (s->get_map()->contains(pairs[0].first))
                     s->unregister(pairs[0].first);
                   s->register_(pairs[i].first, EVENT_READ);
                   s->modify(pairs[i].first, EVENT_BOTH);
                 }));
  }
  ASSERT_EQ(s->select(0s).size(), 3u);
  s->unregister(pairs[1].first);
  s->unregister(pairs[2].first);
  EXPECT_EQ(dead, 0);
  EXPECT_EQ(ready_now(*s), (Ready{{pairs[1].first.fileno(), EVENT_WRITE},
                                  {pairs[2].first.fileno(), EVENT_WRITE}}));
  EXPECT_EQ(dead, 2);
}

TEST_P(SelectorLifetimeTest, ADestructorMaySelect) {
  const auto s = make_selector();
  const SocketPair pair, other;
  bool dead = false;
  s->register_(other.first, EVENT_WRITE);
  s->register_(pair.first, EVENT_WRITE, at_destruction([&] {
                 dead = true;
                 EXPECT_EQ(s->select(0s).size(), 1u);
               }));
  ASSERT_EQ(s->select(0s).size(), 2u);
  s->unregister(pair.first);
  EXPECT_EQ(ready_now(*s), (Ready{{other.first.fileno(), EVENT_WRITE}}));
  EXPECT_TRUE(dead);
}

TEST_P(SelectorLifetimeTest, ADestructorMayCloseTheSelector) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first, EVENT_WRITE, at_destruction([&] { s->close(); }));
  ASSERT_EQ(s->select(0s).size(), 1u);
  s->unregister(pair.first);
  EXPECT_THROW(s->select(0s), ValueError);
  EXPECT_EQ(s->get_map(), nullptr);
}

// While close() runs, the selector is closed already, whoever asks.
TEST_P(SelectorLifetimeTest, ADestructorFindsAClosedSelectorClosed) {
  std::vector<SocketPair> pairs(3);
  int dead = 0;
  {
    const auto s = make_selector();
    // From high to low and from low to high: whichever dies first, the other
    // one has not been dealt with.
    for (std::size_t i : {2u, 1u, 0u}) {
      s->register_(
          pairs[i].first, EVENT_WRITE, at_destruction([&s, &pairs, &dead] {
            ++dead;
            const tests::CallCounter calls;
            for (const SocketPair& pair : pairs) {
              EXPECT_THROW(s->unregister(pair.first), KeyError);
              EXPECT_THROW(s->modify(pair.first, EVENT_READ), KeyError);
              EXPECT_THROW(s->register_(pair.second, EVENT_READ), ValueError);
              EXPECT_THROW(s->get_key(pair.first), RuntimeError);
            }
            EXPECT_EQ(s->get_map(), nullptr);
            s->close();
            EXPECT_EQ(calls.count(), 0u);  // The kernel's object may be gone.
          }));
    }
    s->select(0s);
    s->unregister(pairs[1].first);  // Retired, as it is in the batch.
  }
  EXPECT_EQ(dead, 3);
}

TEST_P(SelectorLifetimeTest, ADestructorMayCallBackFromModify) {
  const auto s = make_selector();
  const SocketPair pair, other;
  s->register_(other.first, EVENT_WRITE);
  s->register_(pair.first, EVENT_WRITE,
               at_destruction([&] { s->unregister(other.first); }));
  s->modify(pair.first, EVENT_READ);
  EXPECT_EQ(s->get_map()->size(), 1u);
  EXPECT_EQ(ready_now(*s), Ready());
}

// Calls a function when it is copied.
class AtCopy {
 public:
  explicit AtCopy(const std::function<void()>* function)
      : function_(function) {}
  AtCopy(const AtCopy& other) : function_(other.function_) { (*function_)(); }

 private:
  const std::function<void()>* function_;
};

// unregister() copies the data of a key that the last select() has returned.
TEST_P(SelectorLifetimeTest, ACopyConstructorMayCallBackFromUnregister) {
  const SocketPair pair, other;
  const std::function<void(BaseSelector&)> calls[] = {
      [&](BaseSelector& s) { s.unregister(pair.first); },
      [&](BaseSelector& s) { s.modify(pair.first, EVENT_READ); },
      [&](BaseSelector& s) { s.reregister(pair.first, EVENT_BOTH); },
      [&](BaseSelector& s) { s.unregister(other.first); },
      [](BaseSelector& s) { s.select(0s); }};
  for (const auto& call : calls) {
    const auto s = make_selector();
    bool armed = false;
    const std::function<void()> at_copy = [&] {
      if (std::exchange(armed, false)) call(*s);
    };
    s->register_(other.first, EVENT_WRITE);
    s->register_(pair.first, EVENT_WRITE, AtCopy(&at_copy));
    ASSERT_EQ(s->select(0s).size(), 2u);
    armed = true;
    try {
      s->unregister(pair.first);
    } catch (const KeyError&) {  // The copy constructor was first.
    }
    EXPECT_FALSE(s->get_map()->contains(pair.first));
    EXPECT_EQ(ready_now(*s).size(), s->get_map()->size());
  }
}

// A file object may be given as the one in its own key, which may end.
TEST_P(SelectorLifetimeTest, AFileObjectMayBeThatOfItsKey) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first.fileno(), EVENT_READ);
  const auto own = [&]() -> const FileObj& {
    return s->get_key(pair.first.fileno()).fileobj;
  };
  s->modify(own(), EVENT_BOTH);
  s->reregister(own(), EVENT_READ);
  EXPECT_EQ(s->try_watch(own(), EVENT_BOTH), std::nullopt);
  s->BaseSelector::reregister(own(), EVENT_WRITE);
  EXPECT_EQ(own().identity(), nullptr);
  EXPECT_EQ(ready_now(*s), (Ready{{pair.first.fileno(), EVENT_WRITE}}));
  s->unregister(own());
  EXPECT_TRUE(s->get_map()->empty());
}

TEST_P(SelectorLifetimeTest, ForkedChildIsIndependent) {
  const auto s = make_selector();
  const SocketPair kept, dropped, added;
  const int kept_fd = kept.first.fileno();
  s->register_(kept.first, EVENT_READ, std::string("kept"));
  s->register_(dropped.first, EVENT_READ);
  expect_in_child([&] {
    s->after_fork_in_child();
    EXPECT_EQ(text_of(s->get_key(kept.first)), "kept");
    s->unregister(dropped.first);
    s->register_(added.first, EVENT_BOTH);
    s->modify(kept.first, EVENT_WRITE);
    EXPECT_EQ(ready_now(*s), (Ready{{kept_fd, EVENT_WRITE},
                                    {added.first.fileno(), EVENT_WRITE}}));
  });
  // Nothing that the child did is seen here.
  kept.second.write("x");
  dropped.second.write("x");
  added.second.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{kept_fd, EVENT_READ},
                                  {dropped.first.fileno(), EVENT_READ}}));
  expect_in_child([&] {
    s->after_fork_in_child();
    EXPECT_EQ(ready_now(*s).size(), 2u);
    s->close();
  });
  EXPECT_EQ(ready_now(*s).size(), 2u);
}

TEST_P(SelectorLifetimeTest, AfterForkSkipsWhatIsClosed) {
  const auto s = make_selector();
  Pipe gone;
  const SocketPair pair;
  s->register_(gone.reader, EVENT_READ);
  s->register_(pair.first, EVENT_WRITE);
  if (s->name() == "SelectSelector" || s->name() == "PollSelector") {
    GTEST_SKIP() << "they have no kernel object, and report closed descriptors";
  }
  gone.reader.close();
  expect_in_child([&] {
    s->after_fork_in_child();
    EXPECT_EQ(ready_now(*s)[pair.first.fileno()], EVENT_WRITE);
    s->unregister(gone.reader);
  });
}

}  // namespace
}  // namespace selectors

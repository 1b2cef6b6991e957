// The sentences of base_selector.h and selector_key.h about registering: what
// is refused, what is left as it was, how a file object is found, and what
// get_map() shows.

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "selectors/default_selector.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

class SelectorContractTest : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, SelectorContractTest,
                         tests::all_selectors(), tests::name_of);
INSTANTIATE_TEST_SUITE_P(
    Default, SelectorContractTest,
    ::testing::Values(tests::selector_kind<DefaultSelector>("DefaultSelector")),
    tests::name_of);

TEST_P(SelectorContractTest, RegisterRefusesBadEventsAndChangesNothing) {
  const auto s = make_selector();
  const Pipe pipe;
  pipe.writer.write("x");
  for (const EventMask events : {0u, 1u << 4, EVENT_READ | 1u << 31, EVENT_EDGE,
                                 EVENT_EDGE | EVENT_ONESHOT}) {
    EXPECT_THROW(s->register_(pipe.reader, events), ValueError) << events;
  }
  EXPECT_TRUE(s->get_map()->empty());
  EXPECT_EQ(ready_now(*s), Ready());
  s->register_(pipe.reader, EVENT_READ);
  EXPECT_EQ(ready_now(*s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
}

TEST_P(SelectorContractTest, RegisterTwiceChangesNothing) {
  const auto s = make_selector();
  const SocketPair pair;
  const SelectorKey& key =
      s->register_(pair.first, EVENT_READ, std::string("first"));
  EXPECT_THROW(s->register_(pair.first, EVENT_BOTH, std::string("second")),
               KeyError);
  EXPECT_EQ(&s->get_key(pair.first), &key);
  EXPECT_EQ(key.events, EVENT_READ);
  EXPECT_EQ(text_of(key), "first");
  EXPECT_EQ(ready_now(*s), Ready());  // Though it could be written to.
}

TEST_P(SelectorContractTest, RegisterIsUndoneIfTheKernelRefuses) {
  const auto s = make_selector();
  if (!has_descriptor(*s)) {
    GTEST_SKIP() << "register_() asks the kernel nothing";
  }
  const Pipe pipe;
  pipe.writer.write("x");
  {
    const tests::FaultInjector fault(1, ENOSPC);
    EXPECT_EQ(errno_of([&] { s->register_(pipe.reader, EVENT_READ); }), ENOSPC);
  }
  EXPECT_TRUE(s->get_map()->empty());
  EXPECT_THROW(s->get_key(pipe.reader), KeyError);
  EXPECT_EQ(ready_now(*s), Ready());
  s->register_(pipe.reader, EVENT_READ);
  EXPECT_EQ(ready_now(*s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
}

TEST_P(SelectorContractTest, UnregisterReturnsTheKeyItHad) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ, std::string("mine"));
  const SelectorKey key = s->unregister(pipe.reader);
  EXPECT_EQ(key.fileobj, FileObj(pipe.reader));
  EXPECT_EQ(key.fd, pipe.reader.fileno());
  EXPECT_EQ(key.events, EVENT_READ);
  EXPECT_EQ(text_of(key), "mine");
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(*s), Ready());
}

TEST_P(SelectorContractTest, ModifyChangesWhatIsReported) {
  const auto s = make_selector();
  const SocketPair pair;
  const int fd = pair.first.fileno();
  pair.second.write("x");
  s->register_(pair.first, EVENT_READ);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
  s->modify(pair.first, EVENT_WRITE);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_WRITE}}));
  s->modify(pair.first, EVENT_BOTH);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_BOTH}}));
  s->modify(pair.first, EVENT_READ);
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
}

TEST_P(SelectorContractTest, ModifyStopsWatchingForTheRest) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first, EVENT_BOTH);
  s->modify(pair.first, EVENT_READ);
  const tests::CallCounter calls;
  EXPECT_EQ(ready_now(*s, 20ms), Ready());
  EXPECT_LE(calls.count(), 4u);  // Nothing woke it that nobody awaits.
}

TEST_P(SelectorContractTest, ModifyTakesAtMostOneSystemCall) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first, EVENT_READ);
  for (const EventMask events : {EVENT_WRITE, EVENT_BOTH, EVENT_READ}) {
    const tests::CallCounter calls;
    s->modify(pair.first, events);
    EXPECT_LE(calls.count(), 1u);
  }
}

TEST_P(SelectorContractTest, ModifyWithoutDataClearsIt) {
  const auto s = make_selector();
  const Pipe pipe;
  s->register_(pipe.reader, EVENT_READ, std::string("data"));
  EXPECT_FALSE(s->modify(pipe.reader, EVENT_READ).data.has_value());
}

TEST_P(SelectorContractTest, ModifyWithBadEventsChangesNothing) {
  const auto s = make_selector();
  const SocketPair pair;
  const SelectorKey& key =
      s->register_(pair.first, EVENT_WRITE, std::string("data"));
  for (const EventMask events : {0u, 1u << 4, EVENT_READ | 1u << 31}) {
    EXPECT_THROW(s->modify(pair.first, events), ValueError) << events;
  }
  EXPECT_EQ(&s->get_key(pair.first), &key);
  EXPECT_EQ(key.events, EVENT_WRITE);
  EXPECT_EQ(text_of(key), "data");
  EXPECT_EQ(ready_now(*s), (Ready{{pair.first.fileno(), EVENT_WRITE}}));
}

// Also if a dup keeps the old file open, and ready.
TEST_P(SelectorContractTest, ReregisterWatchesWhatTheNumberMeansNow) {
  const auto s = make_selector();
  Pipe old;
  const Pipe fresh;
  const int number = old.reader.fileno();
  s->register_(number, EVENT_READ, std::string("old"));
  const File keeper = tests::dup_at_least(old.reader, 0);
  old.writer.write("x");
  old.reader.close();
  const File reused = tests::dup_to(fresh.reader, number);
  EXPECT_EQ(text_of(s->reregister(number, EVENT_READ, std::string("new"))),
            "new");
  EXPECT_EQ(ready_now(*s), Ready());
  fresh.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{number, EVENT_READ}}));
}

TEST_P(SelectorContractTest, ReregisterIsUnregisterAndRegister) {
  const auto s = make_selector();
  const SocketPair pair;
  const int fd = pair.first.fileno();
  EXPECT_THROW(s->reregister(fd, EVENT_READ), KeyError);
  s->register_(fd, EVENT_READ, std::string("data"));
  EXPECT_THROW(s->reregister(fd, 0), ValueError);
  EXPECT_EQ(text_of(s->get_key(fd)), "data");
  // A key that is being walked over stays.
  s->reregister(fd, EVENT_WRITE, std::string("data"));
  const auto batch = s->select(0s);
  ASSERT_EQ(batch.size(), 1u);
  const tests::CallCounter calls;
  EXPECT_FALSE(s->reregister(pair.first, EVENT_BOTH).data.has_value());
  EXPECT_EQ(s->get_key(fd).fileobj, FileObj(pair.first));
  if (s->forgets_closed()) {
    EXPECT_EQ(calls.count(), 1u);
  }
  EXPECT_EQ(batch[0].key.events, EVENT_WRITE);
  EXPECT_EQ(text_of(batch[0].key), "data");
  pair.second.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_BOTH}}));
  EXPECT_EQ(s->get_map()->size(), 1u);
}

TEST_P(SelectorContractTest, ReregisterOfWhatIsClosedUnregistersIt) {
  const auto s = make_selector();
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  s->register_(pipe.reader, EVENT_READ);
  pipe.reader.close();
  EXPECT_THROW(s->reregister(pipe.reader, EVENT_READ), ValueError);
  EXPECT_FALSE(s->get_map()->contains(fd));
  if (!s->forgets_closed()) return;
  const Pipe other;
  s->register_(other.reader, EVENT_READ);
  const int number = other.reader.fileno();
  const tests::FaultInjector fault(1, ENOSPC);
  EXPECT_THROW(s->reregister(number, EVENT_READ), OSError);
  EXPECT_FALSE(s->get_map()->contains(number));
}

// Also of an object without a descriptor, which reregister() would unregister.
TEST_P(SelectorContractTest, ReregisterWithBadEventsChangesNothing) {
  const auto s = make_selector();
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  s->register_(pipe.reader, EVENT_READ, std::string("data"));
  pipe.reader.close();
  EXPECT_THROW(s->reregister(pipe.reader, 0), ValueError);
  EXPECT_EQ(text_of(s->get_key(fd)), "data");
  EXPECT_THROW(s->try_watch(pipe.reader, 0), ValueError);
  EXPECT_EQ(text_of(s->get_key(pipe.reader)), "data");
  EXPECT_EQ(s->unregister(pipe.reader).fd, fd);
}

TEST_P(SelectorContractTest, ErrorsHaveStandardNeighbours) {
  const auto s = make_selector();
  EXPECT_THROW(s->register_(-1, EVENT_READ), std::invalid_argument);
  EXPECT_THROW(s->unregister(0), std::out_of_range);
  s->close();
  EXPECT_THROW(s->get_key(0), std::runtime_error);
}

TEST_P(SelectorContractTest, NegativeDescriptorsAreRefused) {
  const auto s = make_selector();
  for (const int fd : {-1, -10, std::numeric_limits<int>::min()}) {
    EXPECT_THROW(s->register_(fd, EVENT_READ), ValueError);
    EXPECT_THROW(s->unregister(fd), ValueError);
    EXPECT_THROW(s->modify(fd, EVENT_READ), ValueError);
    EXPECT_THROW(s->get_key(fd), ValueError);
    EXPECT_THROW(s->get_map()->get(fd), ValueError);
    EXPECT_THROW(s->get_map()->contains(fd), ValueError);
    EXPECT_THROW((*s->get_map())[fd], ValueError);
  }
}

TEST_P(SelectorContractTest, AClosedObjectIsFoundByIdentity) {
  const auto s = make_selector();
  Pipe pipe;
  Pipe other;
  const int fd = pipe.reader.fileno();
  s->register_(other.reader, EVENT_READ);
  s->register_(pipe.reader, EVENT_READ, std::string("closed"));
  pipe.reader.close();
  EXPECT_EQ(text_of(s->get_key(pipe.reader)), "closed");
  EXPECT_TRUE(s->get_map()->contains(pipe.reader));
  EXPECT_EQ(&(*s->get_map())[pipe.reader], &s->get_key(fd));
  EXPECT_EQ(text_of(s->modify(pipe.reader, EVENT_READ, std::string("still"))),
            "still");
  EXPECT_THROW(s->register_(pipe.reader, EVENT_READ), KeyError);
  EXPECT_EQ(s->unregister(pipe.reader).fd, fd);
  // Now nobody knows it.
  EXPECT_THROW(s->unregister(pipe.reader), ValueError);
  EXPECT_THROW(s->modify(pipe.reader, EVENT_READ), ValueError);
  EXPECT_THROW(s->get_key(pipe.reader), ValueError);
  EXPECT_THROW(s->register_(pipe.reader, EVENT_READ), ValueError);
  EXPECT_EQ(s->get_map()->size(), 1u);
}

// An object whose fileno() throws when it is closed, as Python's files do.
struct ThrowsWhenClosed {
  int fileno() const {
    if (!open) throw std::invalid_argument("I/O operation on closed file");
    return fd;
  }
  int fd;
  bool open = true;
};

TEST_P(SelectorContractTest, AClosedObjectMayThrowInFileno) {
  const auto s = make_selector();
  const Pipe pipe;
  ThrowsWhenClosed object{pipe.reader.fileno()};
  s->register_(object, EVENT_READ);
  object.open = false;
  EXPECT_EQ(s->unregister(object).fd, pipe.reader.fileno());
  EXPECT_THROW(s->unregister(object), ValueError);
}

TEST_P(SelectorContractTest, ObjectAndNumberNameTheSameRegistration) {
  const auto s = make_selector();
  const Pipe pipe;
  const SelectorKey& key = s->register_(pipe.reader, EVENT_READ);
  EXPECT_EQ(&s->get_key(pipe.reader.fileno()), &key);
  EXPECT_EQ(key.fileobj.identity(), &pipe.reader);
  s->modify(pipe.reader.fileno(), EVENT_READ);
  EXPECT_EQ(s->get_key(pipe.reader).fileobj.identity(), &pipe.reader);
  EXPECT_EQ(s->unregister(pipe.reader.fileno()).fileobj.identity(),
            &pipe.reader);
}

TEST_P(SelectorContractTest, TakesStreams) {
  const auto s = make_selector();
  Pipe pipe;
  std::FILE* const stream = ::fdopen(pipe.reader.fileno(), "r");
  ASSERT_NE(stream, nullptr);
  pipe.writer.write("x");
  EXPECT_EQ(s->register_(stream, EVENT_READ).fileobj.identity(), stream);
  EXPECT_EQ(ready_now(*s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
  EXPECT_EQ(s->unregister(stream).fd, pipe.reader.release());
  std::fclose(stream);
}

TEST_P(SelectorContractTest, RefusesStreamsWithoutADescriptor) {
  const auto s = make_selector();
  char memory[] = "in memory";
  std::FILE* const stream = ::fmemopen(memory, sizeof memory, "r");
  ASSERT_NE(stream, nullptr);
  EXPECT_THROW(s->register_(stream, EVENT_READ), ValueError);
  EXPECT_THROW(s->unregister(stream), ValueError);
  std::fclose(stream);
  EXPECT_THROW(s->register_(static_cast<std::FILE*>(nullptr), EVENT_READ),
               ValueError);
}

TEST_P(SelectorContractTest, NeverOwnsClosesOrDups) {
  const Pipe pipe;
  const auto before = tests::open_fds();
  {
    const auto s = make_selector();
    const auto with_selector = tests::open_fds();
    s->register_(pipe.reader, EVENT_READ);
    s->modify(pipe.reader, EVENT_READ);
    s->select(0s);
    EXPECT_EQ(tests::open_fds(), with_selector);
    s->unregister(pipe.reader);
    s->register_(pipe.writer, EVENT_WRITE);
  }
  EXPECT_EQ(tests::open_fds(), before);
}

TEST_P(SelectorContractTest, DataIsHandedBackUntouched) {
  const auto s = make_selector();
  const Pipe pipe;
  const auto data = std::make_shared<int>(7);
  s->register_(pipe.writer, EVENT_WRITE, data);
  const auto batch = s->select(0s);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(std::any_cast<std::shared_ptr<int>>(batch[0].key.data), data);
}

TEST_P(SelectorContractTest, AfterCloseNothingIsRegistered) {
  const auto without_selector = tests::open_fds();
  const auto s = make_selector();
  EXPECT_EQ(has_descriptor(*s), tests::open_fds() != without_selector);
  const Pipe pipe;
  const SelectorMap& map = *s->get_map();
  s->register_(pipe.reader, EVENT_READ);
  for (int times = 0; times < 2; ++times) {
    s->close();
    EXPECT_THROW(s->register_(pipe.reader, EVENT_READ), ValueError);
    EXPECT_THROW(s->select(0s), ValueError);
    EXPECT_THROW(s->fileno(), ValueError);
    EXPECT_THROW(s->after_fork_in_child(), ValueError);
    EXPECT_THROW(s->get_key(pipe.reader), RuntimeError);
    EXPECT_EQ(s->get_map(), nullptr);
    EXPECT_THROW(s->unregister(pipe.reader), KeyError);
    EXPECT_THROW(s->modify(pipe.reader, EVENT_READ), KeyError);
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.begin(), map.end());
    EXPECT_FALSE(map.contains(pipe.reader));
    s->set_interrupt_hook({});
  }
  auto fds = tests::open_fds();
  fds.erase(pipe.reader.fileno());
  fds.erase(pipe.writer.fileno());
  EXPECT_EQ(fds, without_selector);
}

// The second close() must not close what has the number by now.
TEST_P(SelectorContractTest, CloseTwiceLeavesOthersAlone) {
  const auto s = make_selector();
  s->close();
  const Pipe pipe;
  s->close();
  pipe.writer.write("x");
  EXPECT_EQ(pipe.reader.read(), "x");
}

TEST_P(SelectorContractTest, MapIsALiveViewInOrderOfDescriptors) {
  const auto s = make_selector();
  const SelectorMap& map = *s->get_map();
  const std::vector<Pipe> pipes(5);
  const auto fds = [&map] {
    std::vector<int> result;
    for (const SelectorKey& key : map) result.push_back(key.fd);
    return result;
  };
  std::vector<int> expected;
  for (std::size_t i = pipes.size(); i-- > 0;) {
    s->register_(pipes[i].reader, EVENT_READ);
    expected.insert(expected.begin(), pipes[i].reader.fileno());
    EXPECT_EQ(fds(), expected);
    EXPECT_EQ(map.size(), expected.size());
  }
  s->unregister(pipes[2].reader);
  expected.erase(expected.begin() + 2);
  EXPECT_EQ(fds(), expected);
  EXPECT_EQ(s->get_map(), &map);
  EXPECT_FALSE(map.empty());
  static_assert(std::forward_iterator<SelectorMap::iterator>);
}

TEST_P(SelectorContractTest, MapGivesReferencesThatStay) {
  const auto s = make_selector();
  const std::vector<Pipe> pipes(200);
  const SelectorKey& first = s->register_(pipes[0].reader, EVENT_READ, 1);
  for (const Pipe& pipe : pipes) s->register_(pipe.writer, EVENT_WRITE);
  EXPECT_EQ(&s->get_key(pipes[0].reader), &first);
  EXPECT_EQ(std::any_cast<int>(first.data), 1);
}

TEST_P(SelectorContractTest, NamesItselfAsInPython) {
  const auto s = make_selector();
  EXPECT_TRUE(s->name().ends_with("Selector")) << s->name();
}

}  // namespace
}  // namespace selectors

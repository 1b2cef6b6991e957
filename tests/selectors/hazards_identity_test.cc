// What has gone wrong elsewhere with the identity of descriptors: an event that
// reaches the wrong one. Each test names where it was seen.

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

using tests::CallCounter;
using tests::dup_at_least;
using tests::dup_to;
using tests::FaultInjector;

// Waits for a while, in which nothing is ready, do with a handful of calls:
// some waits, and the replacement of an epoll instance. A wait that is woken
// again and again takes tens of thousands.
constexpr std::size_t kAHandful = 16;

class IdentityHazards : public tests::NoLeak, public tests::PerSelector {};
INSTANTIATE_TEST_SUITE_P(Selectors, IdentityHazards, tests::all_selectors(),
                         tests::name_of);

using EpollIdentityHazards = tests::NoLeak;

// joyent/libuv#826, creytiv/re#266: the callback of A closes B, whose event is
// in the same batch, and opens C, which gets B's number.
TEST_P(IdentityHazards,
       R01_EventOfAClosedFdNeverReachesTheNewOwnerOfItsNumber) {
  const auto s = make_selector();
  Pipe a, b, c;
  const int number = b.reader.fileno();
  const File backlog = dup_at_least(b.reader, 0);  // Keeps B's data alive.
  s->register_(a.reader, EVENT_READ, std::string("A"));
  s->register_(b.reader, EVENT_READ, std::string("B"));
  a.writer.write("x");
  b.writer.write("x");
  const auto batch = s->select();
  ASSERT_EQ(batch.size(), 2u);

  s->unregister(b.reader);
  b.reader.close();
  File new_owner = dup_to(c.reader, number);
  s->register_(new_owner, EVENT_READ, std::string("C"));

  for (const auto& [key, events] : batch) EXPECT_NE(text_of(key), "C");
  EXPECT_EQ(ready_now(*s), (Ready{{a.reader.fileno(), EVENT_READ}}));
  a.reader.read();
  const CallCounter calls;
  EXPECT_EQ(ready_now(*s, 20ms), Ready());
  EXPECT_LE(calls.count(), kAHandful);
  c.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{number, EVENT_READ}}));
  EXPECT_EQ(text_of(s->get_key(number)), "C");
}

// wasmer#6608: the same, but closed before it is unregistered, and a dup keeps
// the file open. epoll goes on to tell of it, under its old number.
TEST_P(IdentityHazards, R01_StraysOfADupReachNobodyAndDoNotSpin) {
  const auto s = make_selector();
  Pipe a, b;
  const int number = a.reader.fileno();
  const File keeper = dup_at_least(a.reader, 0);
  s->register_(a.reader, EVENT_READ, std::string("A"));
  a.writer.write("x");
  a.reader.close();
  const File new_owner = dup_to(b.reader, number);
  s->unregister(a.reader);
  s->register_(new_owner, EVENT_READ, std::string("B"));

  const CallCounter calls;
  EXPECT_EQ(ready_now(*s, 50ms), Ready());
  EXPECT_LE(calls.count(), kAHandful);
  b.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{number, EVENT_READ}}));
  EXPECT_EQ(text_of(s->get_key(number)), "B");
}

TEST_P(IdentityHazards, R01_StraysOfANumberThatNobodyHasDoNotSpin) {
  const auto s = make_selector();
  Pipe a;
  const Pipe other;
  const File keeper = dup_at_least(a.reader, 0);
  s->register_(a.reader, EVENT_READ);
  s->register_(other.reader, EVENT_READ);
  a.writer.write("x");
  a.reader.close();
  s->unregister(a.reader);
  const CallCounter calls;
  EXPECT_EQ(ready_now(*s, 50ms), Ready());
  EXPECT_LE(calls.count(), kAHandful);
  other.writer.write("x");  // And the others were not lost.
  EXPECT_EQ(ready_now(*s), (Ready{{other.reader.fileno(), EVENT_READ}}));
}

// The numbers in the interest list of an epoll instance, as Linux shows them.
std::multiset<int> interest_list(int epfd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(epfd));
  std::multiset<int> fds;
  for (std::string word; info >> word;) {
    int fd;
    if (word == "tfd:" && info >> fd) fds.insert(fd);
  }
  return fds;
}

// A selector with a stray in its kernel object, and one registration in order.
struct WithStray {
  WithStray() : keeper(dup_at_least(gone.reader, 0)) {
    s.register_(gone.reader, EVENT_READ);
    s.register_(kept.reader, EVENT_READ, std::string("kept"));
    gone.writer.write("x");
    gone.reader.close();
    s.unregister(gone.reader);
    EXPECT_EQ(interest_list(epfd).size(), 2u);
  }
  void expect_only(int fd) {
    EXPECT_EQ(interest_list(epfd), std::multiset<int>{fd});
  }
  const std::set<int> before = tests::open_fds();
  EpollSelector s;
  const int epfd = opened_since(before);
  Pipe gone, kept;
  File keeper;
};

TEST_F(EpollIdentityHazards, R01_TheStrayIsGoneAfterOneWait) {
  WithStray scene;
  EXPECT_EQ(ready_now(scene.s), Ready());       // It is noticed here,
  EXPECT_EQ(ready_now(scene.s, 1ms), Ready());  // and dealt with here.
  scene.expect_only(scene.kept.reader.fileno());
  EXPECT_EQ(::fcntl(scene.epfd, F_GETFD), FD_CLOEXEC);  // The number stays.
}

// Somebody who asked for fileno() may watch the selector: what it watches is
// another instance, which knows of the replacement.
TEST_F(EpollIdentityHazards, R01_AnInstanceThatIsWatchedIsReplacedToo) {
  WithStray scene;
  EpollSelector outer;
  outer.register_(scene.s, EVENT_READ);
  EXPECT_EQ(ready_now(scene.s, 5ms), Ready());
  EXPECT_EQ(ready_now(scene.s, 5ms), Ready());
  scene.expect_only(scene.kept.reader.fileno());
  EXPECT_EQ(ready_now(outer), Ready());
  scene.kept.writer.write("x");
  EXPECT_EQ(ready_now(outer), (Ready{{scene.s.fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(scene.s),
            (Ready{{scene.kept.reader.fileno(), EVENT_READ}}));
}

// No descriptor to spare: the selector goes on, and makes up for it later.
TEST_F(EpollIdentityHazards, R01_AnInstanceThatCannotBeReplacedGoesOn) {
  for (const char* const name : {"epoll_create1", "dup3"}) {
    WithStray scene;
    {
      const FaultInjector fault(
          FaultInjector::kAll, EMFILE,
          [name](const auto& call) { return FaultInjector::is(call, name); });
      EXPECT_EQ(ready_now(scene.s, 5ms), Ready());
      EXPECT_TRUE(fault.fired());
      scene.kept.writer.write("x");
      EXPECT_EQ(ready_now(scene.s),
                (Ready{{scene.kept.reader.fileno(), EVENT_READ}}));
    }
    EXPECT_EQ(ready_now(scene.s).size(), 1u);
    scene.expect_only(scene.kept.reader.fileno());
  }
}

// An EVENT_ONESHOT that has been reported lies dead in the kernel. Moved to
// another instance as if it were alive, it would be reported again.
TEST_F(EpollIdentityHazards, R01_SpentOneshotsStaySpentInTheNewInstance) {
  WithStray scene;
  const SocketPair spent, armed;
  SocketPair hung_up;
  EpollSelector& s = scene.s;
  s.register_(spent.first, EVENT_WRITE | EVENT_ONESHOT);
  s.register_(hung_up.first, EVENT_WRITE | EVENT_ONESHOT);
  s.register_(armed.first, EVENT_READ | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(s), (Ready{{spent.first.fileno(), EVENT_WRITE},
                                 {hung_up.first.fileno(), EVENT_WRITE}}));
  EXPECT_EQ(interest_list(scene.epfd).size(), 5u);
  EXPECT_EQ(ready_now(s, 5ms), Ready());
  EXPECT_EQ(interest_list(scene.epfd).size(), 4u);  // Without the stray.

  EXPECT_EQ(ready_now(s), Ready());
  hung_up.second.close();  // A hang-up is told without being asked for.
  {
    const CallCounter calls;
    EXPECT_EQ(ready_now(s, 20ms), Ready());
    EXPECT_LE(calls.count(), kAHandful);
  }
  armed.second.write("x");
  EXPECT_EQ(ready_now(s), (Ready{{armed.first.fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(s), Ready());
  // modify() revives them.
  s.modify(spent.first, EVENT_WRITE | EVENT_ONESHOT);
  s.modify(hung_up.first, EVENT_READ | EVENT_ONESHOT);
  EXPECT_EQ(ready_now(s), (Ready{{spent.first.fileno(), EVENT_WRITE},
                                 {hung_up.first.fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(s), Ready());
  s.unregister(spent.first);
  s.unregister(hung_up.first);
  s.unregister(armed.first);
  scene.expect_only(scene.kept.reader.fileno());
}

TEST_F(EpollIdentityHazards, R01_ModifiersSurviveTheReplacement) {
  WithStray scene;
  const Pipe edge;
  scene.s.register_(edge.reader, EVENT_READ | EVENT_EDGE);
  EXPECT_EQ(ready_now(scene.s, 5ms), Ready());
  edge.writer.write("x");
  EXPECT_EQ(ready_now(scene.s), (Ready{{edge.reader.fileno(), EVENT_READ}}));
  EXPECT_EQ(ready_now(scene.s), Ready());
}

// What was closed and never unregistered does not move: there is nothing to
// move it by. What has the number now was never registered.
TEST_F(EpollIdentityHazards, R01_OnlyWhatIsWatchedMovesToTheNewInstance) {
  WithStray scene;
  Pipe closed;
  const Pipe stranger;
  const int number = closed.reader.fileno();
  scene.s.register_(closed.reader, EVENT_READ);
  closed.reader.close();
  const File new_owner = dup_to(stranger.reader, number);
  stranger.writer.write("x");
  EXPECT_EQ(ready_now(scene.s, 5ms), Ready());
  scene.expect_only(scene.kept.reader.fileno());
  scene.s.unregister(number);
}

// The entry of an earlier owner is met again: its file comes back to the number
// that it had. ADD is refused with EEXIST.
TEST_P(IdentityHazards, R01_ALeftoverIsTakenOver) {
  const auto s = make_selector();
  Pipe a;
  const int number = a.reader.fileno();
  const File keeper = dup_at_least(a.reader, 0);
  s->register_(number, EVENT_READ, std::string("before"));
  a.reader.close();
  s->unregister(number);
  const File again = dup_to(keeper, number);
  s->register_(number, EVENT_READ, std::string("after"));
  EXPECT_EQ(ready_now(*s), Ready());
  a.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{number, EVENT_READ}}));
  EXPECT_EQ(text_of(s->get_key(number)), "after");
  s->unregister(number);
  EXPECT_EQ(ready_now(*s, 5ms), Ready());
}

// modify() takes a leftover over while another file's entry for that number
// lives on: the kernel has two entries for one number, and only the newer one
// is the registration's.
TEST_F(EpollIdentityHazards, R01_TwoEntriesOfANumberAreOneKey) {
  EpollSelector s;
  Pipe a, b;
  const int number = b.reader.fileno();
  const File keeper = dup_at_least(b.reader, 0);
  s.register_(number, EVENT_READ);
  ASSERT_EQ(::dup2(a.reader.fileno(), number), number);
  s.unregister(number);
  s.register_(number, EVENT_READ);
  ASSERT_EQ(::dup2(keeper.fileno(), number), number);
  s.modify(number, EVENT_READ | EVENT_WRITE);
  a.writer.write("x");
  b.writer.write("x");
  EXPECT_EQ(ready_now(s), (Ready{{number, EVENT_READ}}));
  EXPECT_EQ(keeper.read(), "x");
  EXPECT_EQ(ready_now(s, 5ms), Ready());
}

// cpython#83420, urllib3#1001: unregister() after the user's close().
TEST_P(IdentityHazards, R04_UnregisterAfterCloseAndTheNumberIsFree) {
  const auto s = make_selector();
  Pipe gone;
  const int number = gone.reader.fileno();
  s->register_(gone.reader, EVENT_READ);
  gone.reader.close();
  EXPECT_EQ(s->unregister(gone.reader).fd, number);
  EXPECT_TRUE(s->get_map()->empty());
  const Pipe next;
  const File reused = dup_to(next.reader, number);
  s->register_(reused, EVENT_READ);
  next.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{number, EVENT_READ}}));
}

// "The new owner is left alone": it may be watched by another selector, and is
// not touched by the unregister() of the old one.
TEST_P(IdentityHazards, R04_UnregisterLeavesTheNewOwnerAlone) {
  const auto s = make_selector(), other = make_selector();
  Pipe gone;
  const Pipe next;
  const int number = gone.reader.fileno();
  s->register_(gone.reader, EVENT_READ);
  gone.reader.close();
  const File new_owner = dup_to(next.reader, number);
  other->register_(new_owner, EVENT_READ);
  s->unregister(gone.reader);
  next.writer.write("x");
  EXPECT_EQ(ready_now(*other), (Ready{{number, EVENT_READ}}));
  EXPECT_EQ(ready_now(*s), Ready());
  EXPECT_EQ(new_owner.read(), "x");
}

// What a number means after dup2() over it: select, poll and /dev/poll ask
// about the number, epoll and kqueue about what was registered.
TEST_P(IdentityHazards, R01_WhatIsDupedOverAWatchedNumber) {
  const auto s = make_selector();
  Pipe old;
  const Pipe next;
  const int number = old.reader.fileno();
  s->register_(old.reader, EVENT_READ, std::string("old"));
  ASSERT_EQ(::dup2(next.reader.fileno(), number), number);
  next.writer.write("x");
  const bool by_number =
      s->name() != "EpollSelector" && s->name() != "KqueueSelector";
  EXPECT_EQ(ready_now(*s), by_number ? Ready({{number, EVENT_READ}}) : Ready());
  EXPECT_THROW(s->register_(number, EVENT_READ), KeyError);
  s->unregister(number);
  EXPECT_EQ(ready_now(*s), Ready());
  s->register_(number, EVENT_READ, std::string("new"));
  const auto batch = s->select(0ns);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(text_of(batch[0].key), "new");
}

// CPython's _fileobj_lookup: of the registrations of a closed object the first
// is found, not the one of the lowest number.
TEST_P(IdentityHazards, AClosedObjectOfTwoNumbersIsTheFirst) {
  struct Reopened {
    int fd;
    int fileno() const { return fd; }
  };
  const Pipe low, high;
  const int first = high.reader.fileno(), second = low.reader.fileno();
  for (const bool modified : {false, true}) {
    const auto s = make_selector();
    Reopened file{first};
    s->register_(file, EVENT_READ);
    file.fd = second;
    s->register_(file, EVENT_READ);
    // In Python a key that was changed keeps its place.
    if (modified) s->modify(first, EVENT_READ | EVENT_WRITE);
    file.fd = -1;
    EXPECT_EQ(s->unregister(file).fd, first);
    EXPECT_EQ(s->unregister(file).fd, second);
    EXPECT_THROW(s->unregister(file), ValueError);
  }
}

// CPython's contract: KeyError, and the kernel never hears of it.
TEST_P(IdentityHazards, R06_RegisteringTwiceDoesNotReachTheKernel) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first, EVENT_READ);
  const CallCounter calls;
  EXPECT_THROW(s->register_(pair.first, EVENT_WRITE), KeyError);
  EXPECT_EQ(calls.count(), 0u);
  EXPECT_EQ(ready_now(*s), Ready());
}

// R08, an error at the second of kqueue's two changes: kqueue_selector_test.cc.

// aws-c-io#200: an event that comes before register_() has returned.
TEST_P(IdentityHazards, R09_AnEventDuringRegisterFindsItsData) {
  const auto s = make_selector();
  for (int i = 0; i < 50; ++i) {
    const Pipe pipe;
    std::thread writer([&] { pipe.writer.write("x"); });
    s->register_(pipe.reader, EVENT_READ, i);
    const auto batch = s->select();
    writer.join();
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(std::any_cast<int>(batch[0].key.data), i);
    s->unregister(pipe.reader);
  }
}

// A number that is far too high must cost neither memory nor the program. What
// a high one costs: allocation_test.cc.
TEST_P(IdentityHazards, R10_TheHighestNumbersAreNoIndex) {
  const auto s = make_selector();
  constexpr int kHighest = std::numeric_limits<int>::max();
  for (const int fd : {kHighest, kHighest - 1, 1 << 30}) {
    EXPECT_EQ(errno_of([&] { s->register_(fd, EVENT_READ); }), EBADF);
    EXPECT_THROW(s->get_key(fd), KeyError);
    EXPECT_THROW(s->unregister(fd), KeyError);
    EXPECT_THROW(s->modify(fd, EVENT_READ), KeyError);
    EXPECT_EQ(s->get_map()->get(fd), nullptr);
  }
  EXPECT_TRUE(s->get_map()->empty());
}

TEST_P(IdentityHazards, R10_AHighNumberWorks) {
  const auto s = make_selector();
  if (s->name() == "SelectSelector") GTEST_SKIP() << "see R11";
  const tests::MostOpenFiles limit;
  const int highest = static_cast<int>(
      std::min<std::size_t>(limit.count() - 1, std::size_t{100000}));
  const Pipe pipe;
  const File high = dup_at_least(pipe.reader, highest);
  s->register_(high, EVENT_READ);
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{highest, EVENT_READ}}));
  s->unregister(high);
}

// nim#19973: FD_SET() of a number that the fd_set has no room for.
TEST_F(EpollIdentityHazards, R11_SelectRefusesWhatItHasNoRoomFor) {
  const tests::MostOpenFiles limit;
  const Pipe pipe;
  const File last = dup_at_least(pipe.reader, FD_SETSIZE - 1);
  const File over = dup_at_least(pipe.reader, FD_SETSIZE);
  SelectSelector s;
  EXPECT_THROW(s.register_(over, EVENT_READ), ValueError);
  EXPECT_THROW(s.get_key(over), KeyError);
  EXPECT_THROW(s.unregister(over), KeyError);
  s.register_(last, EVENT_READ);
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(s), (Ready{{FD_SETSIZE - 1, EVENT_READ}}));
  s.unregister(last);
  EXPECT_EQ(ready_now(s), Ready());
}

// eventlet#68, python/asyncio#347: what a child registers without further ado
// shows up in the parent, as a stray.
TEST_P(IdentityHazards, R13_AChildsRegistrationsDoNotReachTheParent) {
  const auto s = make_selector();
  const Pipe own, to_child, to_parent;
  s->register_(own.reader, EVENT_READ);
  const auto child_side = [&] {
    const Pipe foreign;
    foreign.writer.write("x");
    if (has_descriptor(*s)) {
      EXPECT_THROW(s->register_(foreign.reader, EVENT_READ), RuntimeError);
    } else {
      s->register_(foreign.reader, EVENT_READ);
      EXPECT_EQ(ready_now(*s), (Ready{{foreign.reader.fileno(), EVENT_READ}}));
    }
    to_parent.writer.write("registered");
    PollSelector wait_for_parent;
    wait_for_parent.register_(to_child.reader, EVENT_READ);
    wait_for_parent.select(30s);
  };
  Child child(child_side);
  PollSelector wait_for_child;
  wait_for_child.register_(to_parent.reader, EVENT_READ);
  EXPECT_EQ(wait_for_child.select(30s).size(), 1u);

  const CallCounter calls;
  EXPECT_EQ(ready_now(*s, 20ms), Ready());
  EXPECT_LE(calls.count(), kAHandful);
  own.writer.write("x");
  EXPECT_EQ(ready_now(*s), (Ready{{own.reader.fileno(), EVENT_READ}}));
  to_child.writer.write("done");
  child.join();
}

}  // namespace
}  // namespace selectors

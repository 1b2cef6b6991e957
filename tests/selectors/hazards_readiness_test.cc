// What has gone wrong elsewhere with the meaning of readiness: hang-ups,
// errors, files that are no streams, edges. Each test names where it was seen.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "selectors/poll_events.h"
#include "tests/selectors/selector_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"

namespace selectors {
namespace {

using tests::CallCounter;

class ReadinessHazards : public tests::NoLeak, public tests::PerSelector {
 protected:
  // Writing to a closed peer shall give EPIPE, and not kill the program.
  ReadinessHazards() { before_ = ::signal(SIGPIPE, SIG_IGN); }
  ~ReadinessHazards() override { ::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};
INSTANTIATE_TEST_SUITE_P(Selectors, ReadinessHazards, tests::all_selectors(),
                         tests::name_of);

using EpollReadinessHazards = tests::NoLeak;

// h2o#603, cups#4605: a hang-up comes even to those who wait for nothing, for
// ever. So nobody can: no events is refused, and who pauses unregisters.
TEST_P(ReadinessHazards, R20_WhoPausesIsNotWokenByAHangUp) {
  const auto s = make_selector();
  Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  EXPECT_THROW(s->modify(pipe.reader, 0), ValueError);
  s->unregister(pipe.reader);
  pipe.writer.close();
  const CallCounter calls;
  EXPECT_EQ(ready_now(*s, 50ms), Ready());
  EXPECT_LE(calls.count(), 4u);
}

// tokio#2218: a write end whose reader is gone shows an error, not "writable".
TEST_P(ReadinessHazards, R21_AnErrorWakesTheWriter) {
  const auto s = make_selector();
  Pipe pipe;
  pipe.fill();
  s->register_(pipe.writer, EVENT_WRITE);
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.reader.close();
  EXPECT_EQ(ready_now(*s, 5s), (Ready{{pipe.writer.fileno(), EVENT_WRITE}}));
  EXPECT_EQ(::write(pipe.writer.fileno(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
}

// nim#1990, fibers#19: after the last byte a hang-up comes without "readable".
TEST_P(ReadinessHazards, R22_AHangUpWakesTheReader) {
  const auto s = make_selector();
  Pipe pipe;
  s->register_(pipe.reader, EVENT_READ);
  pipe.writer.write("x");
  EXPECT_EQ(pipe.reader.read(), "x");
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.close();
  EXPECT_EQ(ready_now(*s, 5s), (Ready{{pipe.reader.fileno(), EVENT_READ}}));
  char byte;
  EXPECT_EQ(::read(pipe.reader.fileno(), &byte, 1), 0);
}

// And both, if both are waited for; but never what is not.
TEST_P(ReadinessHazards, R22_AHangUpWakesBothSidesOfASocket) {
  const auto s = make_selector();
  SocketPair pair, only_reads;
  s->register_(pair.first, EVENT_BOTH);
  s->register_(only_reads.first, EVENT_READ);
  pair.fill_first();
  EXPECT_EQ(ready_now(*s), Ready());
  pair.second.close();
  only_reads.second.close();
  EXPECT_EQ(ready_now(*s, 5s),
            (Ready{{pair.first.fileno(), EVENT_BOTH},
                   {only_reads.first.fileno(), EVENT_READ}}));
}

// A hang-up wakes a writer, too, of a file that has nothing to write to; but
// select() knows a hang-up only as something to read.
TEST_P(ReadinessHazards, R22_AHangUpWakesAWriterWhereTheKernelTells) {
  const auto s = make_selector();
  if (s->name() == "KqueueSelector") {
    GTEST_SKIP() << "what a kqueue says of this depends on the system";
  }
  Pipe pipe;
  s->register_(pipe.reader, EVENT_WRITE);
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.close();
  const Ready told = {{pipe.reader.fileno(), EVENT_WRITE}};
  EXPECT_EQ(ready_now(*s), s->name() == "SelectSelector" ? Ready() : told);
}

// A connection that is refused is ready for writing; SO_ERROR tells the rest.
TEST_P(ReadinessHazards, R24_ARefusedConnectionIsReady) {
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof nobody;
  auto* const address = reinterpret_cast<sockaddr*>(&nobody);
  // Bound, but not listening: nobody else gets the port, nobody answers.
  const File bound(::socket(AF_INET, SOCK_STREAM, 0));
  if (::bind(bound.fileno(), address, size) != 0 ||
      ::getsockname(bound.fileno(), address, &size) != 0) {
    GTEST_SKIP() << "there is no loopback network";
  }
  const File socket(::socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(::fcntl(socket.fileno(), F_SETFL, O_NONBLOCK), 0);
  ASSERT_EQ(::connect(socket.fileno(), address, size), -1);
  if (errno != EINPROGRESS) GTEST_SKIP() << "refused at once";

  const auto s = make_selector();
  s->register_(socket, EVENT_WRITE);
  EXPECT_EQ(ready_now(*s, 5s), (Ready{{socket.fileno(), EVENT_WRITE}}));
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(socket.fileno(), SOL_SOCKET, SO_ERROR, &error, &error_size);
  EXPECT_EQ(error, ECONNREFUSED);
}

// cpython#73903, php-src#23805: what cannot block. epoll refuses it; the others
// say that it is ready.
TEST_P(ReadinessHazards, R28_FilesThatAreAlwaysReady) {
  const auto s = make_selector();
  if (s->name() == "KqueueSelector") {
    GTEST_SKIP() << "the BSDs differ: the stand-in's test shows what it does";
  }
  const bool refuses = s->name() == "EpollSelector";
  const tests::TempFile file;
  const File folder(::open("/", O_RDONLY | O_CLOEXEC));
  const File null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const File zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
  const File random(::open("/dev/urandom", O_RDWR | O_CLOEXEC));
  for (const File* each :
       {static_cast<const File*>(&file), &folder, &null, &zero, &random}) {
    const int error = errno_of([&] { s->register_(*each, EVENT_BOTH); });
    EXPECT_EQ(error, refuses ? EPERM : 0);
    if (refuses) {
      EXPECT_THROW(s->get_key(*each), KeyError);
      EXPECT_THROW(s->unregister(*each), KeyError);
      continue;
    }
    EXPECT_EQ(ready_now(*s), (Ready{{each->fileno(), EVENT_BOTH}}));
    s->unregister(*each);
  }
  EXPECT_EQ(ready_now(*s), Ready());
}

// A descriptor that is closed while registered: poll() returns at once,
// forever, and must name it; so must the error of select().
TEST_P(ReadinessHazards, R29_ARegisteredDescriptorThatIsClosedIsNoSpin) {
  const auto s = make_selector();
  Pipe pipe;
  const int number = pipe.reader.fileno();
  s->register_(pipe.reader, EVENT_READ);
  pipe.reader.close();
  const CallCounter calls;
  if (s->name() == "SelectSelector") {
    try {
      s->select();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const OSError& error) {
      EXPECT_EQ(error.code().value(), EBADF);
      EXPECT_NE(std::string(error.what()).find(std::to_string(number)),
                std::string::npos)
          << error.what();
    }
  } else if (has_modifiers(*s)) {  // epoll and kqueue forget it.
    EXPECT_EQ(ready_now(*s, 20ms), Ready());
  } else {
    EXPECT_EQ(ready_now(*s, 5s), (Ready{{number, EVENT_READ}}));
  }
  EXPECT_LE(calls.count(), 4u);
  s->unregister(number);
  EXPECT_EQ(ready_now(*s), Ready());
}

// The message of the OSError that register_() throws; "" if it throws none.
std::string refusal_of(BaseSelector& s, int fd) {
  try {
    s.register_(fd, EVENT_READ);
  } catch (const OSError& error) {
    EXPECT_EQ(error.code().value(), EBADF);
    return error.what();
  }
  return "";
}

// select() and poll() would report them as ready, forever.
TEST_P(ReadinessHazards, R29_WhatCannotBeWatchedIsRefused) {
  const auto s = make_selector();
  const File path(::open("/", O_PATH | O_CLOEXEC));
  const std::string of_path = refusal_of(*s, path.fileno());
  EXPECT_NE(of_path.find("O_PATH"), of_path.npos) << of_path;
  EXPECT_NE(of_path.find("fd " + std::to_string(path.fileno())), of_path.npos)
      << of_path;
  const int bad = tests::bad_fd();
  const std::string of_bad = refusal_of(*s, bad);
  EXPECT_NE(of_bad.find("fd " + std::to_string(bad) + " (it is not open)"),
            of_bad.npos)
      << of_bad;
  EXPECT_THROW(s->get_key(bad), KeyError);
}

// It is refused, but not because it could be read at any time.
TEST_F(EpollReadinessHazards, R28_WhatEpollCannotWaitForIsNotCalledReady) {
  EpollSelector s;
  const File name_space(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  try {
    s.register_(name_space, EVENT_READ);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const OSError& error) {
    const std::string what = error.what();
    EXPECT_EQ(error.code().value(), EPERM);
    EXPECT_NE(what.find("epoll cannot wait for it"), what.npos) << what;
  }
}

// libuv#4400: no event for what is left, but one for what is new.
TEST_P(ReadinessHazards, R30_AnEdgeIsNewDataNotTheRestOfTheOld) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no EVENT_EDGE";
  const Pipe pipe;
  const Ready ready = {{pipe.reader.fileno(), EVENT_READ}};
  s->register_(pipe.reader, EVENT_READ | EVENT_EDGE);
  pipe.writer.write("abc");
  EXPECT_EQ(ready_now(*s), ready);
  EXPECT_EQ(pipe.reader.read(1), "a");
  EXPECT_EQ(ready_now(*s), Ready());
  pipe.writer.write("d");
  EXPECT_EQ(ready_now(*s), ready);
  EXPECT_EQ(ready_now(*s), Ready());
}

// asio#452: modify() arms again, even to the same events and without new data.
TEST_P(ReadinessHazards, R31_ModifyArmsAgain) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no modifiers";
  for (const EventMask modifier : {EVENT_EDGE, EVENT_ONESHOT}) {
    const Pipe pipe;
    const Ready ready = {{pipe.reader.fileno(), EVENT_READ}};
    pipe.writer.write("x");
    s->register_(pipe.reader, EVENT_READ | modifier);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(ready_now(*s), ready) << events_repr(modifier) << " " << i;
      EXPECT_EQ(ready_now(*s), Ready());
      s->modify(pipe.reader, EVENT_READ | modifier);
    }
    s->unregister(pipe.reader);
  }
}

// A peer that has finished writing can still read.
TEST_P(ReadinessHazards, R33_AfterAHalfCloseWritingGoesOn) {
  const auto s = make_selector();
  const SocketPair pair;
  s->register_(pair.first, EVENT_BOTH);
  ASSERT_EQ(::shutdown(pair.second.fileno(), SHUT_WR), 0);
  EXPECT_EQ(ready_now(*s), (Ready{{pair.first.fileno(), EVENT_BOTH}}));
  EXPECT_EQ(pair.first.read(), "");
  pair.first.write("still");
  EXPECT_EQ(pair.second.read(), "still");
}

// cpython#106555: every set of events that CPython asks for, against its
// expression. POLLPRI, which it does not ask for, changes nothing of that.
TEST_F(EpollReadinessHazards, R34_ReadinessIsWhatCPythonComputes) {
  constexpr unsigned kEvents[] = {POLLIN,  POLLOUT, POLLPRI,
                                  POLLERR, POLLHUP, POLLNVAL};
  for (unsigned mask = 0; mask < 64; ++mask) {
    unsigned event = 0;
    for (unsigned bit = 0; bit < 6; ++bit) {
      if (mask & 1u << bit) event |= kEvents[bit];
    }
    // events = ((event & ~self._EVENT_READ and EVENT_WRITE)
    //           | (event & ~self._EVENT_WRITE and EVENT_READ))
    const unsigned asked = event & ~unsigned{POLLPRI};
    const bool only_in = asked == 0 || asked == POLLIN;
    const bool only_out = asked == 0 || asked == POLLOUT;
    const EventMask expected =
        (only_in ? 0 : EVENT_WRITE) | (only_out ? 0 : EVENT_READ);
    using Native = PollEvents<POLLIN, POLLOUT, POLLPRI>;
    const EventMask meaning = Native::meaning(event);
    EXPECT_EQ(meaning & EVENT_BOTH, expected) << event;
    const bool is_broken = (event & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    EXPECT_EQ((meaning & EVENT_ERROR) != 0, is_broken) << event;
    EXPECT_EQ((meaning & EVENT_PRIORITY) != 0,
              is_broken || (event & POLLPRI) != 0)
        << event;
  }
}

// cpython#110038: kqueue tells "readable" and "writable" apart. Many at once,
// so that the pair of one descriptor falls on two questions to the kernel.
TEST_P(ReadinessHazards, R35_BothEventsComeFromOneCall) {
  const auto s = make_selector();
  const std::vector<SocketPair> pairs(101);
  Ready all;
  for (const auto& [end, peer] : pairs) {
    s->register_(end, EVENT_BOTH);
    peer.write("x");
    all[end.fileno()] = EVENT_BOTH;
  }
  EXPECT_EQ(ready_now(*s), all);
  EXPECT_EQ(ready_now(*s), all);
}

// cpython#19508: a kqueue (or any other) with nothing in it waits, too.
TEST_P(ReadinessHazards, R36_WithNothingRegisteredItWaits) {
  struct Interrupted {};
  const auto s = make_selector();
  const Stopwatch stopwatch;
  EXPECT_EQ(ready_now(*s, 20ms), Ready());
  EXPECT_GE(stopwatch.elapsed(), 20ms);
  s->set_interrupt_hook([] { throw Interrupted(); });
  const Alarms alarms(2ms);
  EXPECT_THROW(s->select(), Interrupted);
}

// libevent#636: a change of interest must not lose the modifiers.
TEST_P(ReadinessHazards, R37_DroppingOneInterestKeepsTheModifiers) {
  const auto s = make_selector();
  if (!has_modifiers(*s)) GTEST_SKIP() << "this one has no modifiers";
  for (const EventMask modifier : {EVENT_EDGE, EVENT_ONESHOT}) {
    const SocketPair pair;
    const int fd = pair.first.fileno();
    pair.second.write("x");
    s->register_(pair.first, EVENT_BOTH | modifier);
    EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_BOTH}}));
    s->modify(pair.first, EVENT_READ | modifier);
    EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_READ}}));
    EXPECT_EQ(ready_now(*s), Ready());
    s->modify(pair.first, EVENT_WRITE | modifier);
    EXPECT_EQ(ready_now(*s), (Ready{{fd, EVENT_WRITE}}));
    EXPECT_EQ(ready_now(*s), Ready());
    s->unregister(pair.first);
  }
}

// Linux watches instances within instances, five deep, and refuses cycles.
TEST_F(EpollReadinessHazards, R39_NestedInstances) {
  EpollSelector s;
  EXPECT_EQ(errno_of([&] { s.register_(s, EVENT_READ); }), ELOOP);
  EXPECT_TRUE(s.get_map()->empty());

  std::vector<EpollSelector> chain(8);
  std::size_t depth = 1;
  int error = 0;
  while (depth < chain.size() && error == 0) {
    error =
        errno_of([&] { chain[depth].register_(chain[depth - 1], EVENT_READ); });
    if (error == 0) ++depth;
  }
  ASSERT_LT(depth, chain.size()) << "nothing was refused";
  EXPECT_EQ(error, ELOOP);
  EXPECT_EQ(depth, 3u);  // Of two instances each; five fit into one another.
  EXPECT_TRUE(chain[depth].get_map()->empty());
  EXPECT_EQ(errno_of([&] { chain[0].register_(chain[1], EVENT_READ); }), ELOOP);

  const Pipe pipe;
  chain[0].register_(pipe.reader, EVENT_READ);
  EXPECT_EQ(ready_now(chain[depth - 1]), Ready());
  pipe.writer.write("x");
  EXPECT_EQ(ready_now(chain[depth - 1]),
            (Ready{{chain[depth - 2].fileno(), EVENT_READ}}));
}

}  // namespace
}  // namespace selectors

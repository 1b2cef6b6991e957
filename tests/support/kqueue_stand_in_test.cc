// Tests for the rules of kqueue(2) that the stand-in keeps, in the words of the
// manual pages of FreeBSD and macOS.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <thread>
#include <vector>

#include "tests/support/files.h"

namespace tests {
namespace {

using Kevent = struct kevent;

constexpr timespec kAtOnce = {0, 0};

Kevent change(int fd, int filter, unsigned flags, void* udata = nullptr) {
  Kevent event;
  EV_SET(&event, static_cast<std::uintptr_t>(fd), static_cast<short>(filter),
         static_cast<unsigned short>(flags), 0, 0, udata);
  return event;
}

class KqueueStandInTest : public NoLeak {
 protected:
  // Submits one change. Returns 0, or the errno of the call as a whole.
  int submit(const Kevent& one) {
    return kevent(queue_.fileno(), &one, 1, nullptr, 0, nullptr) == 0 ? 0
                                                                      : errno;
  }
  int submit(const File& file, int filter, unsigned flags) {
    return submit(change(file.fileno(), filter, flags));
  }

  std::vector<Kevent> ready(std::size_t room = 8,
                            const timespec* timeout = &kAtOnce) {
    std::vector<Kevent> events(room);
    const int count = kevent(queue_.fileno(), nullptr, 0, events.data(),
                             static_cast<int>(room), timeout);
    EXPECT_GE(count, 0) << errno;
    events.resize(static_cast<std::size_t>(std::max(count, 0)));
    return events;
  }
  // Returns the descriptor of the only ready entry.
  int only_ready() {
    const auto events = ready();
    EXPECT_EQ(events.size(), 1u);
    return events.empty() ? -1 : static_cast<int>(events[0].ident);
  }

  // Returns the errno with which a wait fails, or 0 if it does not fail.
  int failure(const timespec* timeout) {
    Kevent event;
    return kevent(queue_.fileno(), nullptr, 0, &event, 1, timeout) < 0 ? errno
                                                                       : 0;
  }

  void SetUp() override {
    NoLeak::SetUp();
    queue_ = File(kqueue());
    ASSERT_GE(queue_.fileno(), 0);
  }
  void TearDown() override {
    queue_.close();
    NoLeak::TearDown();
  }

  File queue_;
};

TEST_F(KqueueStandInTest, ReadAndWriteAreTwoEntries) {
  const SocketPair pair;
  pair.second.write("abc");
  const int fd = pair.first.fileno();
  int here;
  EXPECT_EQ(submit(change(fd, EVFILT_READ, EV_ADD, &here)), 0);
  EXPECT_EQ(submit(change(fd, EVFILT_WRITE, EV_ADD)), 0);
  const auto events = ready();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].ident, static_cast<std::uintptr_t>(fd));
  EXPECT_EQ(events[0].filter, EVFILT_READ);
  EXPECT_EQ(events[0].udata, &here);
  EXPECT_EQ(events[0].data, 3);
  EXPECT_EQ(events[1].filter, EVFILT_WRITE);
  EXPECT_EQ(events[1].udata, nullptr);

  EXPECT_EQ(submit(pair.first, EVFILT_READ, EV_DELETE), 0);
  const auto rest = ready();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].filter, EVFILT_WRITE);
}

TEST_F(KqueueStandInTest, ReadyAsLongAsTheConditionHolds) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  EXPECT_TRUE(ready().empty());
  pipe.writer.write("x");
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
  EXPECT_EQ(pipe.reader.read(), "x");
  EXPECT_TRUE(ready().empty());
}

TEST_F(KqueueStandInTest, WriteIsReadyWhereThereIsRoom) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_ADD), 0);
  EXPECT_EQ(only_ready(), pipe.writer.fileno());
  pipe.fill();
  EXPECT_TRUE(ready().empty());
}

TEST_F(KqueueStandInTest, AddingAgainModifiesAndMakesNoSecondEntry) {
  const Pipe pipe;
  pipe.writer.write("x");
  int old_data, new_data;
  const int fd = pipe.reader.fileno();
  EXPECT_EQ(submit(change(fd, EVFILT_READ, EV_ADD, &old_data)), 0);
  EXPECT_EQ(submit(change(fd, EVFILT_READ, EV_ADD, &new_data)), 0);
  const auto events = ready();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].udata, &new_data);
}

// FreeBSD's kernel does this; its manual page leaves the behaviour open.
TEST_F(KqueueStandInTest, AddingAgainKeepsOneshotAndClear) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  EXPECT_EQ(ready().size(), 1u);
  EXPECT_EQ(ready().size(), 0u);
}

TEST_F(KqueueStandInTest, DeletingWhatIsNotThere) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_DELETE), ENOENT);
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  EXPECT_EQ(submit(pipe.reader, EVFILT_WRITE, EV_DELETE), ENOENT);
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_DELETE), 0);
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_DELETE), ENOENT);
}

TEST_F(KqueueStandInTest, ClosedDescriptors) {
  const int bad = bad_fd();
  EXPECT_EQ(submit(change(bad, EVFILT_READ, EV_ADD)), EBADF);
  EXPECT_EQ(submit(change(bad, EVFILT_READ, EV_DELETE)), EBADF);
  EXPECT_EQ(submit(change(-1, EVFILT_READ, EV_ADD)), EBADF);
}

TEST_F(KqueueStandInTest, UnknownFilter) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, -3, EV_ADD), EINVAL);
}

TEST_F(KqueueStandInTest, AQueueWithEventsIsReadable) {
  for (const unsigned flags : {0, EV_CLEAR}) {
    const Pipe pipe;
    const File inner(kqueue());
    const Kevent add =
        change(pipe.reader.fileno(), EVFILT_READ, EV_ADD | flags);
    EXPECT_EQ(kevent(inner.fileno(), &add, 1, nullptr, 0, nullptr), 0);
    EXPECT_EQ(submit(inner, EVFILT_READ, EV_ADD), 0);
    EXPECT_TRUE(ready().empty());
    std::thread writer([&] { pipe.writer.write("x"); });
    EXPECT_EQ(ready(8, nullptr).size(), 1u);
    writer.join();
    EXPECT_EQ(only_ready(), inner.fileno());  // Polling consumes nothing.
    EXPECT_EQ(pipe.reader.read(), "x");
    EXPECT_TRUE(ready().empty());
  }
}

TEST_F(KqueueStandInTest, QueuesThatCannotBeWatched) {
  const File inner(kqueue()), innermost(kqueue());
  EXPECT_EQ(submit(queue_, EVFILT_READ, EV_ADD), EINVAL);
  EXPECT_EQ(submit(inner, EVFILT_WRITE, EV_ADD), EINVAL);
  const Kevent add = change(innermost.fileno(), EVFILT_READ, EV_ADD);
  EXPECT_EQ(kevent(inner.fileno(), &add, 1, nullptr, 0, nullptr), 0);
  EXPECT_EQ(submit(inner, EVFILT_READ, EV_ADD), EINVAL);
}

TEST_F(KqueueStandInTest, OneshotDeletesItsFilterAndNotTheOther) {
  const SocketPair pair;
  pair.second.write("x");
  EXPECT_EQ(submit(pair.first, EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
  EXPECT_EQ(submit(pair.first, EVFILT_WRITE, EV_ADD), 0);
  EXPECT_EQ(ready().size(), 2u);
  const auto events = ready();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].filter, EVFILT_WRITE);
  EXPECT_EQ(submit(pair.first, EVFILT_READ, EV_DELETE), ENOENT);
}

TEST_F(KqueueStandInTest, OneshotStaysUntilItIsRetrieved) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
  EXPECT_TRUE(ready().empty());
  pipe.writer.write("x");
  EXPECT_EQ(ready().size(), 1u);
}

TEST_F(KqueueStandInTest, ClearReportsWhatIsNewOnce) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
  EXPECT_TRUE(ready().empty());
  pipe.writer.write("y");
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
  EXPECT_TRUE(ready().empty());
  EXPECT_EQ(pipe.reader.read(1), "x");  // Reading is nothing new to a reader.
  EXPECT_TRUE(ready().empty());
}

TEST_F(KqueueStandInTest, ClearReportsNothingThatHasPassed) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  pipe.writer.write("x");
  EXPECT_EQ(pipe.reader.read(), "x");
  EXPECT_TRUE(ready().empty());
  pipe.writer.write("y");
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
}

TEST_F(KqueueStandInTest, ClearOfAWriter) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  EXPECT_EQ(only_ready(), pipe.writer.fileno());
  EXPECT_TRUE(ready().empty());
  pipe.fill();
  EXPECT_TRUE(ready().empty());
  while (!pipe.reader.read().empty()) continue;
  EXPECT_EQ(only_ready(), pipe.writer.fileno());
}

TEST_F(KqueueStandInTest, ClearWakesAWait) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  EXPECT_EQ(ready().size(), 1u);
  std::thread writer([&] { pipe.writer.write("y"); });
  EXPECT_EQ(ready(8, nullptr).size(), 1u);
  writer.join();
}

TEST_F(KqueueStandInTest, ClearIsNotLostForWantOfRoom) {
  const Pipe one, two;
  for (const Pipe* pipe : {&one, &two}) {
    EXPECT_EQ(submit(pipe->reader, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
    pipe->writer.write("x");
  }
  EXPECT_EQ(ready(1).size(), 1u);
  EXPECT_EQ(ready(1).size(), 1u);
  EXPECT_EQ(ready(1).size(), 0u);
}

TEST_F(KqueueStandInTest, EofOfAReader) {
  Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  pipe.writer.write("x");
  EXPECT_EQ(ready().at(0).flags & EV_EOF, 0);
  pipe.writer.close();
  const auto events = ready();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].flags & EV_EOF, EV_EOF);
  EXPECT_EQ(events[0].fflags, 0u);
  EXPECT_EQ(events[0].data, 1);  // "while there is still data pending"
}

TEST_F(KqueueStandInTest, EofOfASocketThatWasShutDown) {
  const SocketPair pair;
  EXPECT_EQ(submit(pair.first, EVFILT_READ, EV_ADD), 0);
  ASSERT_EQ(::shutdown(pair.second.fileno(), SHUT_WR), 0);
  EXPECT_EQ(ready().at(0).flags & EV_EOF, EV_EOF);
}

TEST_F(KqueueStandInTest, EofOfAWriter) {
  Pipe pipe;
  pipe.fill();
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_ADD), 0);
  EXPECT_TRUE(ready().empty());
  pipe.reader.close();
  EXPECT_EQ(ready().at(0).flags & EV_EOF, EV_EOF);
}

// FreeBSD's kernel.
TEST_F(KqueueStandInTest, APipeWithoutReaderIsRefused) {
  Pipe pipe;
  pipe.reader.close();
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_ADD), EPIPE);
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_DELETE), ENOENT);
}

TEST_F(KqueueStandInTest, ReceiptAnswersEveryChangeAndWaitsForNothing) {
  const Pipe pipe;
  const Kevent changes[] = {
      change(pipe.reader.fileno(), EVFILT_READ, EV_ADD | EV_RECEIPT),
      change(pipe.writer.fileno(), EVFILT_WRITE, EV_DELETE | EV_RECEIPT),
      change(pipe.writer.fileno(), EVFILT_WRITE, EV_ADD | EV_RECEIPT),
  };
  Kevent answers[8];
  ASSERT_EQ(kevent(queue_.fileno(), changes, 3, answers, 8, nullptr), 3);
  const int errors[] = {0, ENOENT, 0};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answers[i].flags, EV_ERROR);
    EXPECT_EQ(answers[i].data, errors[i]);
    EXPECT_EQ(answers[i].ident, changes[i].ident);
    EXPECT_EQ(answers[i].filter, changes[i].filter);
  }
}

TEST_F(KqueueStandInTest, WithoutRoomForAReceiptTheRestIsNotDone) {
  const Pipe pipe;
  const Kevent changes[] = {
      change(pipe.reader.fileno(), EVFILT_READ, EV_ADD | EV_RECEIPT),
      change(pipe.writer.fileno(), EVFILT_WRITE, EV_ADD),
  };
  EXPECT_EQ(kevent(queue_.fileno(), changes, 2, nullptr, 0, &kAtOnce), 0);
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_DELETE), 0);
  EXPECT_EQ(submit(pipe.writer, EVFILT_WRITE, EV_DELETE), ENOENT);
}

TEST_F(KqueueStandInTest, ErrorsAreEventsWhereThereIsRoom) {
  const Pipe pipe;
  const int reader = pipe.reader.fileno();
  const Kevent changes[] = {
      change(reader, EVFILT_READ, EV_DELETE),
      change(reader, EVFILT_READ, EV_ADD),
      change(bad_fd(), EVFILT_READ, EV_ADD),
  };
  Kevent answers[2];
  ASSERT_EQ(kevent(queue_.fileno(), changes, 3, answers, 2, nullptr), 2);
  EXPECT_EQ(answers[0].flags, EV_ERROR);
  EXPECT_EQ(answers[0].data, ENOENT);
  EXPECT_EQ(answers[1].data, EBADF);

  EXPECT_EQ(kevent(queue_.fileno(), changes + 2, 1, nullptr, 0, &kAtOnce), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(KqueueStandInTest, OneArrayForChangesAndEvents) {
  const Pipe pipe;
  Kevent both[] = {
      change(pipe.reader.fileno(), EVFILT_READ, EV_ADD),
      change(pipe.writer.fileno(), EVFILT_WRITE, EV_ADD | EV_RECEIPT),
      change(pipe.reader.fileno(), EVFILT_READ, EV_DELETE | EV_RECEIPT),
  };
  ASSERT_EQ(kevent(queue_.fileno(), both, 3, both, 3, nullptr), 2);
  EXPECT_EQ(both[0].filter, EVFILT_WRITE);
  EXPECT_EQ(both[0].data, 0);
  EXPECT_EQ(both[1].filter, EVFILT_READ);
  EXPECT_EQ(both[1].data, 0);
}

TEST_F(KqueueStandInTest, ChangesComeBeforeTheWait) {
  const Pipe pipe;
  const Kevent add = change(pipe.writer.fileno(), EVFILT_WRITE, EV_ADD);
  Kevent event;
  ASSERT_EQ(kevent(queue_.fileno(), &add, 1, &event, 1, nullptr), 1);
  EXPECT_EQ(event.ident, add.ident);
}

// Without this rule the call would wait forever.
TEST_F(KqueueStandInTest, WithoutRoomThereIsNoWait) {
  EXPECT_EQ(kevent(queue_.fileno(), nullptr, 0, nullptr, 0, nullptr), 0);
}

TEST_F(KqueueStandInTest, TheTimeoutHoldsWithNothingToWatch) {
  const timespec wait = {0, 2'000'000};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(ready(8, &wait).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(2));
}

TEST_F(KqueueStandInTest, TheTimeoutHoldsForWhatWasReportedAlready) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  EXPECT_EQ(ready().size(), 1u);
  const timespec wait = {0, 2'000'000};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(ready(8, &wait).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(2));
}

TEST_F(KqueueStandInTest, NoTimeoutWaitsUntilSomethingIsReady) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  std::thread writer([&] { pipe.writer.write("x"); });
  EXPECT_EQ(ready(8, nullptr).size(), 1u);
  writer.join();
}

TEST_F(KqueueStandInTest, TheLongestTimeout) {
  const Pipe pipe;
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  const timespec longest = {std::numeric_limits<std::time_t>::max(),
                            999'999'999};
  std::thread writer([&] { pipe.writer.write("x"); });
  EXPECT_EQ(ready(8, &longest).size(), 1u);
  writer.join();
}

TEST_F(KqueueStandInTest, BadTimeouts) {
  for (const timespec bad :
       {timespec{-1, 0}, timespec{0, -1}, timespec{0, 1'000'000'000}}) {
    EXPECT_EQ(failure(&bad), EINVAL);
  }
}

TEST_F(KqueueStandInTest, ASignalInterrupts) {
  struct sigaction action {
  }, before;
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;  // Makes no difference to kevent().
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval often = {{0, 1000}, {0, 1000}}, never = {};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  EXPECT_EQ(failure(nullptr), EINTR);
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

TEST_F(KqueueStandInTest, EachGetsItsTurn) {
  const Pipe pipes[3];
  for (const Pipe& pipe : pipes) {
    pipe.writer.write("x");
    EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  }
  for (const int turn : {0, 1, 2, 0, 1}) {
    EXPECT_EQ(ready(1).at(0).ident,
              static_cast<std::uintptr_t>(pipes[turn].reader.fileno()));
  }
}

TEST_F(KqueueStandInTest, ClosingRemovesTheEntries) {
  Pipe pipe;
  const File copy = dup_at_least(pipe.reader, 0);  // The file stays open.
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  pipe.reader.close();
  EXPECT_TRUE(ready().empty());
}

TEST_F(KqueueStandInTest, ANumberThatIsReusedHasNoEntries) {
  for (const unsigned flags : {0, EV_CLEAR}) {
    Pipe old;
    const Pipe fresh;
    const File copy = dup_at_least(old.reader, 0);
    const int fd = old.reader.fileno();
    EXPECT_EQ(submit(old.reader, EVFILT_READ, EV_ADD | flags), 0);
    old.writer.write("x");
    fresh.writer.write("x");
    old.reader.release();
    const File reused = dup_to(fresh.reader, fd);
    EXPECT_TRUE(ready().empty());
    EXPECT_EQ(submit(reused, EVFILT_READ, EV_DELETE), ENOENT);
    EXPECT_EQ(submit(reused, EVFILT_READ, EV_ADD | flags), 0);
    EXPECT_EQ(ready().size(), 1u);
  }
}

TEST_F(KqueueStandInTest, ARegularFileIsReadableBeforeItsEnd) {
  const TempFile file;
  EXPECT_EQ(submit(file, EVFILT_READ, EV_ADD), 0);
  EXPECT_TRUE(ready().empty());
  file.write("x");
  EXPECT_TRUE(ready().empty());
  ASSERT_EQ(::lseek(file.fileno(), 0, SEEK_SET), 0);
  EXPECT_EQ(only_ready(), file.fileno());
}

TEST_F(KqueueStandInTest, ARegularFileCanBeWritten) {
  const TempFile file;
  EXPECT_EQ(submit(file, EVFILT_WRITE, EV_ADD), 0);
  EXPECT_EQ(only_ready(), file.fileno());
}

TEST_F(KqueueStandInTest, WhatIsNoQueue) {
  const Pipe pipe;
  Kevent event;
  for (const int fd : {pipe.reader.fileno(), bad_fd(), -1}) {
    EXPECT_EQ(kevent(fd, nullptr, 0, &event, 1, &kAtOnce), -1);
    EXPECT_EQ(errno, EBADF);
  }
}

TEST_F(KqueueStandInTest, AClosedQueueIsGone) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  const int number = queue_.fileno();
  queue_.close();
  EXPECT_EQ(failure(&kAtOnce), EBADF);
  const Pipe other;  // Perhaps under the number of the queue.
  Kevent event;
  EXPECT_EQ(kevent(number, nullptr, 0, &event, 1, &kAtOnce), -1);
}

TEST_F(KqueueStandInTest, ANewQueueIsEmpty) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  const int number = queue_.fileno();
  queue_.close();
  queue_ = File(kqueue());
  ASSERT_EQ(queue_.fileno(), number);
  EXPECT_TRUE(ready().empty());
}

TEST_F(KqueueStandInTest, AChildHasNoneOfItsParentsQueues) {
  const Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(submit(pipe.reader, EVFILT_READ, EV_ADD), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool open = ::fcntl(queue_.fileno(), F_GETFD) != -1;
    const bool answers = failure(&kAtOnce) != EBADF;
    ::_exit(open || answers || kqueue() < 0 ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(only_ready(), pipe.reader.fileno());
}

}  // namespace
}  // namespace tests

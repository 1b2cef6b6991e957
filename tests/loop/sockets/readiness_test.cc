// Waiting for a descriptor: readable(), writable(), has_priority().

#include "loop/sockets/readiness.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/wait_for.h"
#include "tests/loop/sockets/sockets_fixture.h"
#include "tests/support/all_selectors.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::File;
using tests::Pipe;
using tests::SocketPair;
using namespace std::chrono_literals;

class ReadinessTest : public SocketsTest {
 protected:
  // Waits, and returns the text of the exception; "" if there is none.
  static Coroutine<std::string> outcome(Readiness wait) {
    try {
      co_await wait;
    } catch (const std::exception& error) {
      co_return error.what();
    }
    co_return "";
  }
  // The number of the OSError of a wait; 0 if there is none.
  static Coroutine<int> number_of(Readiness wait) {
    try {
      co_await wait;
    } catch (const OSError& error) {
      co_return error.code().value();
    }
    co_return 0;
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, ReadinessTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(ReadinessTest, AReaderGoesOnWhenDataCome) {
  const Pipe pipe;
  const auto task = start(outcome(readable(pipe.reader.fileno())));
  turn();
  EXPECT_FALSE(task.done());
  pipe.writer.write("x");
  turn();
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(loop_->remove_reader(pipe.reader)) << "no handler stays";
}

TEST_P(ReadinessTest, AWriterGoesOnWhenThereIsRoom) {
  const SocketPair pair;
  pair.fill_first();
  const auto task = start(outcome(writable(pair.first.fileno())));
  turn();
  EXPECT_FALSE(task.done());
  while (!pair.second.read(1 << 20).empty()) {
  }
  turn();
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(loop_->remove_writer(pair.first));
}

TEST_P(ReadinessTest, DataThatAreThereAlreadyAndTheEndCount) {
  Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(run_until_complete(start(outcome(readable(pipe.reader.fileno())))),
            "");
  pipe.reader.read();
  pipe.writer.close();
  EXPECT_EQ(run_until_complete(start(outcome(readable(pipe.reader.fileno())))),
            "");
}

TEST_P(ReadinessTest, OneTaskReadsWhileAnotherWrites) {
  const SocketPair pair;
  pair.fill_first();
  const auto reads = start(outcome(readable(pair.first.fileno())));
  const auto writes = start(outcome(writable(pair.first.fileno())));
  turn();
  pair.second.write("x");
  turn();
  EXPECT_TRUE(reads.done());
  EXPECT_FALSE(writes.done());
  writes.cancel();
  turn();
}

TEST_P(ReadinessTest, TwoTasksCannotWaitForOneSide) {
  const Pipe pipe;
  const int fd = pipe.reader.fileno();
  const auto first = start(outcome(readable(fd)));
  const auto second = start(outcome(readable(fd)));
  turn();
  EXPECT_EQ(second.result(),
            "fd " + std::to_string(fd) + " already has a reader");
  pipe.writer.write("x");
  turn();
  EXPECT_EQ(first.result(), "");
}

TEST_P(ReadinessTest, ATaskDoesNotReplaceAReader) {
  const Pipe pipe;
  int calls = 0;
  loop_->add_reader(pipe.reader, [&] { ++calls; });
  const auto task = start(outcome(readable(pipe.reader.fileno())));
  pipe.writer.write("x");
  turn(2);
  EXPECT_NE(task.result().find("already has a reader"), std::string::npos);
  EXPECT_EQ(calls, 2);
  loop_->remove_reader(pipe.reader);
}

// In each case the task, which could wait forever, is told.
TEST_P(ReadinessTest, AWaitWhoseHandlerIsTakenFails) {
  const Pipe pipe;
  const int fd = pipe.reader.fileno();
  const std::string removed = "the handler of fd " + std::to_string(fd) +
                              " was removed while a task waited for it";
  auto task = start(outcome(readable(fd)));
  turn();
  EXPECT_TRUE(loop_->remove_reader(fd));
  EXPECT_FALSE(task.done()) << "not in the middle of remove_reader()";
  turn();
  EXPECT_EQ(task.result(), removed);

  task = start(outcome(readable(fd)));
  turn();
  loop_->add_reader(fd, [] {});
  turn();
  EXPECT_EQ(task.result(), removed);
  loop_->remove_reader(fd);
}

TEST_P(ReadinessTest, ACancelledWaitLeavesNoHandler) {
  const Pipe pipe;
  const auto task = start(outcome(readable(pipe.reader.fileno())));
  turn();
  EXPECT_TRUE(task.cancel());
  EXPECT_FALSE(loop_->remove_reader(pipe.reader));
  turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_P(ReadinessTest, ACancellationThatIsPendingEndsTheWait) {
  const Pipe pipe;
  pipe.writer.write("x");
  const auto body = [](int fd, std::optional<Task<>>& self) -> Coroutine<> {
    self->cancel();
    co_await readable(fd);
    ADD_FAILURE() << "the wait was not cancelled";
  };
  std::optional<Task<>> self;
  self = start(body(pipe.reader.fileno(), self));
  turn();
  EXPECT_TRUE(self->cancelled());
  EXPECT_FALSE(loop_->remove_reader(pipe.reader));
}

// The task is cancelled after its wait has failed, and before it is told.
TEST_P(ReadinessTest, ACancellationAfterAFailureIsNotLost) {
  const Pipe pipe;
  const auto task = start(outcome(readable(pipe.reader.fileno())));
  turn();
  loop_->remove_reader(pipe.reader);
  EXPECT_TRUE(task.cancel());
  turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_P(ReadinessTest, ATimeOutEndsTheWait) {
  const Pipe pipe;
  const auto task =
      start(as_coroutine(wait_for(readable(pipe.reader.fileno()), 1ms)));
  EXPECT_THROW(run_until_complete(task), TimeoutError);
  EXPECT_FALSE(loop_->remove_reader(pipe.reader));
}

TEST_P(ReadinessTest, NumbersThatAreNotOpenAreRefusedAtOnce) {
  EXPECT_EQ(run_until_complete(start(number_of(readable(tests::bad_fd())))),
            EBADF);
  EXPECT_EQ(run_until_complete(start(outcome(readable(-1)))),
            "Invalid file object: fd -1");
}

TEST_P(ReadinessTest, AFileIsAlwaysReady) {
  const tests::TempFile file;
  file.write("x");
  ASSERT_EQ(lseek(file.fileno(), 0, SEEK_SET), 0);  // kqueue: not at the end.
  EXPECT_EQ(run_until_complete(start(outcome(readable(file.fileno())))), "");
}

TEST_P(ReadinessTest, ALoopThatClosesDestroysTheWait) {
  const Pipe pipe;
  loop_->set_exception_handler([](EventLoop&, const ExceptionContext&) {});
  const auto waits = start(outcome(readable(pipe.reader.fileno())));
  const auto failed = start(outcome(writable(pipe.writer.fileno())));
  loop_->run_once(0ns);
  loop_->remove_writer(pipe.writer);
  loop_->close();
  EXPECT_FALSE(waits.done());
  EXPECT_FALSE(failed.done());
}

// ---- One kind of selector ----

class EpollReadinessTest : public ReadinessTest {};
INSTANTIATE_TEST_SUITE_P(
    Selectors, EpollReadinessTest,
    ::testing::Values(
        tests::selector_kind<selectors::EpollSelector>("EpollSelector")),
    tests::name_of);

// The kernel refuses when the next iteration begins, and the task is told, not
// the exception handler.
TEST_P(EpollReadinessTest, ARefusalIsThrownIntoTheTask) {
  const Pipe pipe;
  const auto task = start(number_of(readable(pipe.reader.fileno())));
  loop_->run_once(0ns);
  {
    tests::FaultInjector no_room(1, ENOSPC, [](const auto& call) {
      return tests::FaultInjector::is(call, "epoll_ctl");
    });
    turn();
    EXPECT_TRUE(no_room.fired());
  }
  EXPECT_EQ(task.result(), ENOSPC);
}

// A library closes a descriptor that a task waits for, and opens its number
// again. epoll tells nobody; the next wait for the number finds out.
TEST_P(EpollReadinessTest, AReopenedNumberEndsTheEarlierWait) {
  Pipe old;
  const Pipe fresh;
  const int fd = old.reader.fileno();
  const auto earlier = start(number_of(readable(fd)));
  turn();
  old.reader.close();
  const File reopened = tests::dup_to(fresh.reader, fd);
  const auto later = start(number_of(readable(fd)));
  turn();
  EXPECT_EQ(earlier.result(), EBADF);
  EXPECT_FALSE(later.done());
  fresh.writer.write("x");
  turn();
  EXPECT_EQ(later.result(), 0);
}

TEST_P(EpollReadinessTest, AClosedNumberEndsBothWaits) {
  Pipe pipe;
  const int fd = pipe.reader.fileno();
  const auto earlier = start(number_of(readable(fd)));
  turn();
  pipe.reader.close();
  const auto later = start(number_of(readable(fd)));
  turn();
  EXPECT_EQ(earlier.result(), EBADF);
  EXPECT_EQ(later.result(), EBADF);
}

TEST_P(EpollReadinessTest, UrgentDataOfTcpArePriority) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(listen(listener, 1), 0);
  sockaddr address{};
  socklen_t size = sizeof(address);
  getsockname(listener, &address, &size);
  const File client(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(connect(client.fileno(), &address, size), 0);
  const File served(accept(listener, nullptr, nullptr));
  const File closes(listener);

  const auto task = start(outcome(has_priority(served.fileno())));
  turn();
  EXPECT_FALSE(task.done());
  ASSERT_EQ(send(client.fileno(), "!", 1, MSG_OOB), 1);
  EXPECT_EQ(run_until_complete(task), "");
}

}  // namespace
}  // namespace loop

// Sending files. Tests that CPython has are named as in
// Lib/test/test_asyncio/test_sendfile.py and test_unix_events.py.

#include "loop/sockets/sock_sendfile.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "loop/futures/default_executor.h"
#include "loop/futures/errors.h"
#include "loop/futures/thread_pool_executor.h"
#include "loop/sockets/socket.h"
#include "loop/sockets/socket_io.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "tests/loop/sockets/sockets_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using tests::FaultInjector;

// A kernel without sendfile(2).
class WithoutSendfile : public selectors::kernel::Interceptor {
 public:
  explicit WithoutSendfile(int error) : error_(error) {}
  std::optional<selectors::kernel::Word> enter(const Call& call) override {
    if (!FaultInjector::is(call, "sendfile")) return std::nullopt;
    errno = error_;
    return -1;
  }
  void leave(const Call&) override {}

 private:
  const int error_;
};

class SockSendfileTest : public SocketsTest {
 protected:
  void SetUp() override {
    SocketsTest::SetUp();
    set_default_executor(*loop_, executor_);
    data_.resize(1 << 20);
    for (std::size_t i = 0; i < data_.size(); ++i) {
      data_[i] = static_cast<char>('a' + i % 23);
    }
    std::tie(sender_, receiver_) = socketpair();
    file_.emplace();
    file_->write(data_);
    ::lseek(fd(), 5, SEEK_SET);
  }
  void TearDown() override {
    sender_.close();
    receiver_.close();
    file_.reset();
    SocketsTest::TearDown();
  }

  int fd() const { return file_->fileno(); }
  long position() const { return ::lseek(fd(), 0, SEEK_CUR); }

  // Receives up to the end of the stream.
  static Coroutine<std::string> receive_all(Socket& from) {
    std::string all;
    for (;;) {
      const std::string part = co_await sock_recv(from, 1 << 16);
      if (part.empty()) co_return all;
      all += part;
    }
  }
  // Receives the bytes that have arrived.
  std::string receive_now() const {
    std::string bytes(1 << 20, '\0');
    const ssize_t count =
        ::recv(receiver_.fileno(), bytes.data(), bytes.size(), 0);
    return bytes.substr(0, count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  // Sends and receives, and returns both results.
  template <class Sending>
  std::pair<std::size_t, std::string> transfer(Sending sending) {
    auto receiving = start(receive_all(receiver_));
    const std::size_t sent = run(std::move(sending));
    sender_.shutdown(SHUT_WR);
    return {sent, run_until_complete(receiving)};
  }
  // Calls check() with sendfile(2), and then without.
  template <class Check>
  void both_ways(Check check) {
    check();
    std::tie(sender_, receiver_) = socketpair();
    ::lseek(fd(), 5, SEEK_SET);
    const WithoutSendfile kernel(ENOSYS);
    check();
    // No thread may make calls when the interceptor ends.
    executor_->submit([] {}).result();
  }

  const std::shared_ptr<ThreadPoolExecutor> executor_ =
      std::make_shared<ThreadPoolExecutor>(1);
  std::string data_;
  Socket sender_;
  Socket receiver_;
  std::optional<tests::TempFile> file_;
};
INSTANTIATE_TEST_SUITE_P(Selectors, SockSendfileTest, tests::all_selectors(),
                         tests::name_of);

// gh-150107: the file stands at 5, and is sent from 0.
TEST_P(SockSendfileTest, SockSendfileSuccess) {
  both_ways([this] {
    const auto [sent, received] = transfer(sock_sendfile(sender_, fd()));
    EXPECT_EQ(sent, data_.size());
    EXPECT_EQ(received, data_);
    EXPECT_EQ(position(), static_cast<long>(data_.size()));
  });
}

TEST_P(SockSendfileTest, SockSendfileWithOffsetAndCount) {
  both_ways([this] {
    const auto [sent, received] =
        transfer(sock_sendfile(sender_, fd(), 1000, 2000));
    EXPECT_EQ(sent, 2000u);
    EXPECT_EQ(received, data_.substr(1000, 2000));
    EXPECT_EQ(position(), 3000);
  });
}

TEST_P(SockSendfileTest, AFileThatEndsBeforeTheCount) {
  both_ways([this] {
    const auto [sent, received] = transfer(sock_sendfile(
        sender_, fd(), static_cast<long>(data_.size()) - 10, 2000));
    EXPECT_EQ(sent, 10u);
    EXPECT_EQ(received, data_.substr(data_.size() - 10));
  });
}

TEST_P(SockSendfileTest, AnOffsetAtTheEnd) {
  both_ways([this] {
    const auto end = static_cast<long>(data_.size());
    EXPECT_EQ(run(sock_sendfile(sender_, fd(), end)), 0u);
    EXPECT_EQ(position(), end);
  });
}

TEST_P(SockSendfileTest, SockSendfileZeroSize) {
  both_ways([this] {
    const tests::TempFile empty;
    EXPECT_EQ(run(sock_sendfile(sender_, empty.fileno())), 0u);
  });
}

TEST_P(SockSendfileTest, SockSendfileMixWithRegularSend) {
  const auto send = [](Socket& to, int file) -> Coroutine<std::size_t> {
    co_await sock_sendall(to, "head");
    const std::size_t sent = co_await sock_sendfile(to, file);
    co_await sock_sendall(to, "tail");
    co_return sent;
  };
  both_ways([&] {
    const auto [sent, received] = transfer(send(sender_, fd()));
    EXPECT_EQ(sent, data_.size());
    EXPECT_EQ(received, "head" + data_ + "tail");
  });
}

// gh-131325: the last piece waits for room as the others do.
TEST_P(SockSendfileTest, TheEndMeansThatTheKernelHasAll) {
  both_ways([this] {
    auto sending = start(sock_sendfile(sender_, fd()));
    std::string received;
    while (!sending.done()) {
      turn(1);
      if (!sending.done()) received += receive_now();
    }
    received += receive_now();
    EXPECT_EQ(received, data_);
    EXPECT_EQ(run_until_complete(std::move(sending)), data_.size());
  });
}

TEST_P(SockSendfileTest, SockSendfileNotAvailable) {
  for (const int error : {EINVAL, ENOSYS, EOPNOTSUPP, ESPIPE, EPERM}) {
    const WithoutSendfile kernel(error);
    EXPECT_THROW(run(sock_sendfile(sender_, fd(), 7, {}, /*fallback=*/false)),
                 SendfileNotAvailableError);
    EXPECT_EQ(position(), 7) << "behind what was sent: nothing";
  }
}

TEST_P(SockSendfileTest, OsErrorFirstCall) {
  const WithoutSendfile kernel(EIO);
  EXPECT_EQ(error_of(sock_sendfile(sender_, fd(), 7)), EIO);
  EXPECT_EQ(position(), 7);
}

// An error after a part: no fallback, and the position tells the size.
TEST_P(SockSendfileTest, OsErrorNextCall) {
  const FaultInjector fault(2, EINVAL, [](const Call& call) {
    return FaultInjector::is(call, "sendfile");
  });
  auto sending = start(sock_sendfile(sender_, fd()));
  std::string received;
  while (!sending.done()) {
    turn();
    received += receive_now();
  }
  EXPECT_EQ(error_of(std::move(sending)), EINVAL);
  EXPECT_GT(received.size(), 0u);
  sender_.close();
  received += run(receive_all(receiver_));
  EXPECT_EQ(position(), static_cast<long>(received.size()));
}

TEST_P(SockSendfileTest, SockSendfileCancel) {
  both_ways([this] {
    auto sending = start(sock_sendfile(sender_, fd()));
    const std::string first = run(sock_recv(receiver_, 1));
    sending.cancel();
    EXPECT_THROW(run_until_complete(sending), CancelledError);
    sender_.close();
    const std::string received = first + run(receive_all(receiver_));
    EXPECT_LT(received.size(), data_.size());
    EXPECT_EQ(received, data_.substr(0, received.size()));
    EXPECT_EQ(position(), static_cast<long>(received.size()));
  });
}

// sendfile(2) has no MSG_NOSIGNAL.
TEST_P(SockSendfileTest, APeerThatIsGone) {
  both_ways([this] {
    receiver_.close();
    EXPECT_EQ(error_of(sock_sendfile(sender_, fd())), EPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    EXPECT_FALSE(::sigismember(&pending, SIGPIPE));
  });
}

TEST_P(SockSendfileTest, InvalidArguments) {
  EXPECT_THROW(run(sock_sendfile(sender_, fd(), -1)), selectors::ValueError);
  EXPECT_THROW(run(sock_sendfile(sender_, fd(), 0, 0)), selectors::ValueError);
  auto [a, b] = socketpair(AF_UNIX, SOCK_DGRAM);
  EXPECT_THROW(run(sock_sendfile(a, fd())), selectors::ValueError);
  EXPECT_EQ(error_of(sock_sendfile(sender_, tests::bad_fd())), EBADF);
}

TEST_P(SockSendfileTest, NotARegularFile) {
  const tests::Pipe pipe;
  pipe.writer.write("x");
  EXPECT_EQ(error_of(sock_sendfile(sender_, pipe.reader.fileno())), ESPIPE);
  EXPECT_EQ(pipe.reader.read(), "x") << "nothing is lost";
}

}  // namespace
}  // namespace loop

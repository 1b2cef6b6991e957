#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <vector>

#include "selectors/kernel/posix.h"
#include "tests/support/files.h"

namespace selectors::kernel {
namespace {

using KernelTest = tests::NoLeak;

// Writes down what it sees: "enter A", "leave A".
class Recorder : public Interceptor {
 public:
  Recorder(std::vector<std::string>& log, std::string name)
      : log_(log), name_(std::move(name)) {}

  std::optional<Word> enter(const Call& call) override {
    log_.push_back("enter " + name_);
    last_args.assign(call.args.begin(), call.args.end());
    if (answer == -1) errno = error;
    return answer;
  }

  void leave(const Call& call) override {
    log_.push_back("leave " + name_);
    last_name = call.syscall.name;
    last_result = call.result;
    last_error = call.error;
    last_text.clear();
    call.syscall.describe(last_text, call);
    errno = ENOTTY;  // As any call in here might.
  }

  std::optional<Word> answer;
  int error = 0;
  std::vector<Word> last_args;
  std::string last_name, last_text;
  Word last_result = 0;
  int last_error = 0;

 private:
  std::vector<std::string>& log_;
  const std::string name_;
};

using Log = std::vector<std::string>;

TEST_F(KernelTest, UnobservedCallsReachTheKernel) {
  const int bad = tests::bad_fd();
  EXPECT_EQ(first_interceptor.load(), nullptr);
  EXPECT_FALSE(is_open(bad));
  EXPECT_EQ(errno, EBADF);
  const tests::Pipe pipe;
  EXPECT_TRUE(is_open(pipe.reader.fileno()));
}

TEST_F(KernelTest, ObservedCallsReachTheKernelToo) {
  Log log;
  Recorder recorder(log, "A");
  tests::Pipe pipe;
  const int fd = pipe.reader.fileno();
  EXPECT_EQ(close(pipe.reader.release()), 0);
  EXPECT_EQ(recorder.last_name, "close");
  EXPECT_EQ(recorder.last_args, std::vector<Word>{fd});
  EXPECT_EQ(recorder.last_result, 0);
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(recorder.last_name, "fcntl");
  EXPECT_EQ(recorder.last_result, -1);
  EXPECT_EQ(recorder.last_error, EBADF);
}

TEST_F(KernelTest, TheNewestIsAskedFirst) {
  Log log;
  Recorder a(log, "A");
  Recorder b(log, "B");
  is_open(0);
  EXPECT_EQ(log, (Log{"enter B", "enter A", "leave B", "leave A"}));
}

TEST_F(KernelTest, TheFirstAnswerStandsAndAllAreTold) {
  Log log;
  Recorder a(log, "A");
  Recorder b(log, "B");
  Recorder c(log, "C");
  a.answer = 1;
  b.answer = 0;
  EXPECT_TRUE(is_open(tests::bad_fd()));
  EXPECT_EQ(log, (Log{"enter C", "enter B", "leave C", "leave B", "leave A"}));
  for (const Recorder* each : {&a, &b, &c}) EXPECT_EQ(each->last_result, 0);
}

TEST_F(KernelTest, AnAnswerKeepsTheKernelOut) {
  Log log;
  const tests::Pipe pipe;
  {
    Recorder recorder(log, "A");
    recorder.answer = 0;
    EXPECT_EQ(close(pipe.reader.fileno()), 0);
  }
  EXPECT_TRUE(is_open(pipe.reader.fileno()));
}

TEST_F(KernelTest, ErrnoIsWhatTheCallLeft) {
  Log log;
  Recorder recorder(log, "A");
  EXPECT_EQ(close(tests::bad_fd()), -1);
  EXPECT_EQ(errno, EBADF);
  recorder.answer = -1;
  recorder.error = EIO;
  EXPECT_EQ(close(tests::bad_fd()), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(recorder.last_error, EIO);
}

TEST_F(KernelTest, InterceptorsComeAndGoAsOnAStack) {
  Log log;
  {
    Recorder a(log, "A");
    {
      Recorder b(log, "B");
      is_open(0);
    }
    log.clear();
    is_open(0);
    EXPECT_EQ(log, (Log{"enter A", "leave A"}));
  }
  log.clear();
  is_open(0);
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(first_interceptor.load(), nullptr);
}

TEST_F(KernelTest, DescribesPselectQuestionAndAnswer) {
  Log log;
  Recorder recorder(log, "A");
  const tests::Pipe pipe;
  const int in = pipe.reader.fileno();
  const int out = pipe.writer.fileno();
  fd_set readers, writers, readable, writable;
  FD_ZERO(&readers);
  FD_ZERO(&writers);
  FD_SET(in, &readers);
  FD_SET(out, &writers);
  const int nfds = std::max(in, out) + 1;
  EXPECT_EQ(pselect(nfds, &readers, &writers, nullptr, &readable, &writable,
                    nullptr, std::chrono::milliseconds(100)),
            1);
  const std::string r = std::to_string(in), w = std::to_string(out);
  EXPECT_EQ(recorder.last_text, std::to_string(nfds) + ", [" + r +
                                    "] -> [], [" + w + "] -> [" + w +
                                    "], 100 ms");
  EXPECT_TRUE(FD_ISSET(in, &readers)) << "the question was written over";
  EXPECT_FALSE(FD_ISSET(in, &readable));
  EXPECT_TRUE(FD_ISSET(out, &writable));
}

TEST_F(KernelTest, DescribesPollQuestionAndAnswer) {
  Log log;
  Recorder recorder(log, "A");
  const tests::Pipe pipe;
  pollfd fds[] = {{pipe.reader.fileno(), POLLIN, 0},
                  {pipe.writer.fileno(), POLLIN | POLLOUT, 0}};
  EXPECT_EQ(poll(fds, 2, std::chrono::nanoseconds(0)), 1);
  EXPECT_EQ(recorder.last_text, "[" + std::to_string(fds[0].fd) + " IN, " +
                                    std::to_string(fds[1].fd) +
                                    " IN|OUT -> OUT], 2, 0 ns");
}

}  // namespace
}  // namespace selectors::kernel

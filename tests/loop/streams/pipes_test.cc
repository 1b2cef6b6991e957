// Streams of pipes, and the standard streams. Tests of CPython's
// test_unix_events.py keep their names.

#include "loop/streams/pipes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "loop/callbacks/dispositions.h"
#include "loop/coroutines/coroutine.h"
#include "loop/sockets/descriptor.h"
#include "loop/streams/stream_core.h"
#include "tests/loop/streams/stream_fixture.h"
#include "tests/support/fault_injector.h"
#include "tests/support/files.h"

namespace loop {
namespace {

using tests::File;
using tests::Pipe;
using tests::SocketPair;

// Makes `file` one of the standard streams for a while.
class Redirection {
 public:
  Redirection(int standard, const File& file)
      : standard_(standard), saved_(::dup(standard)) {
    ::dup2(file.fileno(), standard);
  }
  ~Redirection() { ::dup2(saved_.fileno(), standard_); }

 private:
  const int standard_;
  const File saved_;
};

void set_blocking(const File& file) {
  ::fcntl(file.fileno(), F_SETFL,
          ::fcntl(file.fileno(), F_GETFL) & ~O_NONBLOCK);
}
bool is_blocking(const File& file) {
  return (::fcntl(file.fileno(), F_GETFL) & O_NONBLOCK) == 0;
}

class PipesTest : public StreamTest {
 protected:
  StreamReader read_from(File& file) {
    return connect_read_pipe(*loop_, Descriptor(file.release()));
  }
  StreamWriter write_to(File& file) {
    return connect_write_pipe(*loop_, Descriptor(file.release()));
  }
  // Calls f() in a task of the loop.
  template <class F>
  auto in_loop(F f) {
    const auto call = [&f]() -> Coroutine<decltype(f())> { co_return f(); };
    return run(call());
  }
};
INSTANTIATE_TEST_SUITE_P(Selectors, PipesTest, tests::all_selectors(),
                         tests::name_of);

TEST_P(PipesTest, ReadPipe) {
  Pipe pipe;
  set_blocking(pipe.reader);
  const StreamReader reader = read_from(pipe.reader);
  const auto line = start(reader.readline());
  turn();
  EXPECT_FALSE(line.done());
  pipe.writer.write("a\nb");
  turn();
  EXPECT_EQ(line.result(), "a\n");
  pipe.writer.close();
  EXPECT_EQ(run(reader.read()), "b");
}

TEST_P(PipesTest, WritePipe) {
  Pipe pipe;
  const StreamWriter writer = write_to(pipe.writer);
  writer.write(std::string(200'000, 'x'));
  EXPECT_GT(writer.get_write_buffer_size(), 0u);
  writer.write_eof();
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += pipe.reader.read(1 << 20);
    turn(1);
  }
  EXPECT_EQ(all, std::string(200'000, 'x'));
  EXPECT_EQ(writer.fileno(), -1) << "the end of a pipe is its close";
}

// The loop runs without a Runner, which would catch SIGPIPE.
TEST_P(PipesTest, WritePipeDisconnect) {
  ASSERT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  Pipe pipe;
  {
    const StreamWriter writer = write_to(pipe.writer);
    pipe.reader.close();
    writer.write("x");
    EXPECT_EQ(error_of(writer.drain()), EPIPE);
  }
  EXPECT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL) << "as before";
}

TEST_P(PipesTest, AReaderLeavesSigpipe) {
  Pipe pipe;
  const StreamReader reader = read_from(pipe.reader);
  EXPECT_TRUE(has_default_disposition(SIGPIPE));
}

TEST_P(PipesTest, ANumberThatIsNotOpenIsRefused) {
  EXPECT_THROW(connect_read_pipe(*loop_, Descriptor()), OSError);
}

TEST_P(PipesTest, ABlockingPipeWaitsBeforeEachCall) {
  Pipe pipe;
  set_blocking(pipe.reader);
  set_blocking(pipe.writer);
  auto* const in =
      new StreamCore(*loop_, Descriptor(pipe.reader.release()),
                     StreamKind::kBlockingPipe, StreamReader::kDefaultLimit);
  auto* const out = new StreamCore(*loop_, Descriptor(pipe.writer.release()),
                                   StreamKind::kBlockingPipe, 0);
  const StreamReader reader(*in);
  const std::string text(300'000, 'x');
  {
    const StreamWriter writer(*out);
    writer.write(text);
    writer.close();
  }
  EXPECT_EQ(run(reader.read()), text);
}

// ---- Standard streams ----

TEST_P(PipesTest, StandardStreamsLeaveTheFlagsOfAPipe) {
  Pipe in;
  Pipe out;
  set_blocking(in.reader);
  set_blocking(out.writer);
  const Redirection input(STDIN_FILENO, in.reader);
  const Redirection output(STDERR_FILENO, out.writer);
  const StreamReader reader = in_loop([] { return standard_input(); });
  const StreamWriter writer = in_loop([] { return standard_error(); });
  const auto line = start(reader.readline());
  turn();
  in.writer.write("hello\n");
  turn();
  EXPECT_EQ(line.result(), "hello\n");
  writer.write("world\n");
  EXPECT_EQ(out.reader.read(), "world\n");
  EXPECT_TRUE(is_blocking(in.reader));
  EXPECT_TRUE(is_blocking(out.writer));
}

TEST_P(PipesTest, StandardStreamsLeaveTheFlagsOfASocket) {
  const SocketPair pair;
  set_blocking(pair.first);
  const Redirection input(STDIN_FILENO, pair.first);
  const StreamReader reader = in_loop([] { return standard_input(); });
  const auto line = start(reader.readline());
  turn();
  EXPECT_FALSE(line.done());
  pair.second.write("hello\n");
  turn();
  EXPECT_EQ(line.result(), "hello\n");
  EXPECT_TRUE(is_blocking(pair.first));
}

// A file has one position, which the program may have moved.
TEST_P(PipesTest, StandardInputBeginsWhereTheFileStands) {
  const tests::TempFile file;
  file.write("one\ntwo\nthree");
  ::lseek(file.fileno(), 4, SEEK_SET);
  const Redirection input(STDIN_FILENO, file);
  const StreamReader reader = in_loop([] { return standard_input(); });
  EXPECT_EQ(run(reader.readline()), "two\n");
  EXPECT_EQ(run(reader.read()), "three");
}

TEST_P(PipesTest, APipeThatCannotBeOpenedAgainIsShared) {
  const Pipe in;
  const Redirection input(STDIN_FILENO, in.reader);
  tests::FaultInjector refused(1, EACCES, [](const auto& call) {
    return tests::FaultInjector::is(call, "open");
  });
  const StreamReader reader = in_loop([] { return standard_input(); });
  EXPECT_TRUE(refused.fired());
  const auto line = start(reader.readline());
  turn();
  in.writer.write("hello\n");
  turn();
  EXPECT_EQ(line.result(), "hello\n");
}

}  // namespace
}  // namespace loop

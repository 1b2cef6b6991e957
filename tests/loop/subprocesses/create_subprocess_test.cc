// create_subprocess_exec() and create_subprocess_shell(): the options, and the
// properties of the new process.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "loop/subprocesses/process.h"
#include "selectors/errors.h"
#include "tests/loop/subprocesses/process_fixture.h"

namespace loop {
namespace {

using CreateSubprocessTest = ProcessTest;
INSTANTIATE_TEST_SUITE_P(Kinds, CreateSubprocessTest, process_kinds(), name_of);

using Environment = std::map<std::string, std::string>;

// The text of the OSError of a start.
std::string text_of(const OSError& error, int code) {
  EXPECT_EQ(error.code().value(), code);
  return error.what();
}

TEST_P(CreateSubprocessTest, ErrorsOfExecNameTheProgram) {
  try {
    exec("no-such-program", {});
    ADD_FAILURE();
  } catch (const OSError& error) {
    EXPECT_EQ(text_of(error, ENOENT),
              "start of 'no-such-program': No such file or directory");
  }
  try {
    SubprocessOptions options;
    options.cwd = "/no/such/directory";
    exec("true", {}, options);
    ADD_FAILURE();
  } catch (const OSError& error) {
    EXPECT_EQ(text_of(error, ENOENT),
              "start of 'true' in directory '/no/such/directory': No such file "
              "or directory");
  }
  try {
    exec("/etc/passwd", {});
    ADD_FAILURE();
  } catch (const OSError& error) {
    text_of(error, EACCES);
  }
}

TEST_P(CreateSubprocessTest, ProcessExecInvalidArgs) {
  const std::string nul("a\0b", 3);
  EXPECT_THROW(exec(nul, {}), ValueError);
  EXPECT_THROW(exec("true", {nul}), ValueError);
  for (const char* name : {"", "A=B"}) {
    SubprocessOptions options;
    options.env = Environment{{name, "1"}};
    EXPECT_THROW(exec("true", {}, options), ValueError);
  }
  SubprocessOptions options;
  options.stdin_ = STDOUT;
  EXPECT_THROW(exec("true", {}, options), ValueError);
  options.stdin_ = -4;
  EXPECT_THROW(exec("true", {}, options), ValueError);
  EXPECT_THROW(exec("true", {}, {.limit = 0}), ValueError);
}

TEST_P(CreateSubprocessTest, Cwd) {
  SubprocessOptions options;
  options.cwd = "/";
  EXPECT_EQ(output("pwd", {}, options), "/\n");
}

TEST_P(CreateSubprocessTest, Env) {
  SubprocessOptions options;
  options.env = Environment{{"PATH", "/bin"}, {"A", "1"}};
  EXPECT_EQ(output("env", {}, options), "A=1\nPATH=/bin\n");
  options.env.emplace();
  EXPECT_EQ(output("/usr/bin/env", {}, options), "");
}

// As in Python, the environment of the process counts.
TEST_P(CreateSubprocessTest, AProgramIsLookedUpInThePathOfItsEnvironment) {
  const std::string folder = ::testing::TempDir() + "/" + GetParam().name;
  ::mkdir(folder.c_str(), 0700);
  const std::string file = folder + "/a-tool-of-the-test";
  std::ofstream(file) << "#!/bin/sh\necho found\n";
  ::chmod(file.c_str(), 0700);
  SubprocessOptions options;
  options.env = Environment{{"PATH", "/no/such/folder:/etc/passwd:" + folder}};
  EXPECT_EQ(output("a-tool-of-the-test", {}, options), "found\n");
  EXPECT_THROW(exec("a-tool-of-the-test", {}), OSError);
}

TEST_P(CreateSubprocessTest, StartNewSession) {
  const Pipe pipe;
  SubprocessOptions options;
  options.stdout_ = pipe.writer.fileno();
  options.start_new_session = true;
  // The sixth field of /proc/PID/stat is the session.
  const Process process = exec("cat", {"/proc/self/stat"}, options);
  EXPECT_EQ(wait(process), 0);
  const std::string pid = std::to_string(process.pid());
  const std::string text = pipe.reader.read();
  EXPECT_EQ(text.substr(text.find(") ") + 4)
                .find(std::to_string(::getpid()) + " " + pid + " " + pid + " "),
            0u)
      << text;
}

TEST_P(CreateSubprocessTest, DevnullInputAndOutput) {
  SubprocessOptions options;
  options.stdin_ = DEVNULL;
  EXPECT_EQ(output("cat", {}, options), "");
  options.stdout_ = options.stderr_ = DEVNULL;
  EXPECT_EQ(wait(shell("echo out; echo err >&2", options)), 0);
}

TEST_P(CreateSubprocessTest, StderrToStdout) {
  SubprocessOptions options;
  options.stderr_ = STDOUT;
  EXPECT_EQ(output("sh", {"-c", "echo err >&2; echo out"}, options),
            "err\nout\n");
}

// Descriptor 0 of this program is the standard output of the process, whose own
// descriptor 0 is another file.
TEST_P(CreateSubprocessTest, AStandardDescriptorCanBecomeAnother) {
  const Pipe pipe;
  const int before = ::dup(STDIN_FILENO);
  ::dup2(pipe.writer.fileno(), STDIN_FILENO);
  SubprocessOptions options;
  options.stdin_ = DEVNULL;
  options.stdout_ = STDIN_FILENO;
  EXPECT_EQ(wait(shell("cat; echo out", options)), 0);
  ::dup2(before, STDIN_FILENO);
  ::close(before);
  EXPECT_EQ(pipe.reader.read(), "out\n");
}

TEST_P(CreateSubprocessTest, NothingElseIsInherited) {
  const Pipe without_close_on_exec;
  const File copy(::dup(without_close_on_exec.reader.fileno()));
  EXPECT_EQ(output("ls", {"/proc/self/fd"}), "0\n1\n2\n3\n")
      << "3 is the directory that ls reads";
}

// The masks of signals of a process, from /proc/self/status.
struct Masks {
  explicit Masks(const std::string& status)
      : blocked(mask(status, "SigBlk:")), ignored(mask(status, "SigIgn:")) {}

  static unsigned long long mask(const std::string& status, const char* name) {
    return std::stoull(status.substr(status.find(name) + 7), nullptr, 16);
  }
  static unsigned long long bit(int signal_number) {
    return 1ull << (signal_number - 1);
  }

  unsigned long long blocked;
  unsigned long long ignored;
};

TEST_P(CreateSubprocessTest, SignalsAreRestored) {
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const auto pipe = ::signal(SIGPIPE, SIG_IGN);
  const auto hup = ::signal(SIGHUP, SIG_IGN);
  const Masks masks(output("cat", {"/proc/self/status"}));
  EXPECT_EQ(masks.blocked, 0u);
  EXPECT_EQ(masks.ignored & Masks::bit(SIGPIPE), 0u);
  EXPECT_NE(masks.ignored & Masks::bit(SIGHUP), 0u) << "as nohup wants it";
  ::signal(SIGHUP, hup);
  ::signal(SIGPIPE, pipe);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

}  // namespace
}  // namespace loop

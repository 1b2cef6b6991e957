// Runs a program as a user does: with a terminal, a pipe, a file or /dev/null
// as its standard input, reading what it prints line by line as it comes.

#ifndef TESTS_EXAMPLES_RUN_PROGRAM_H_
#define TESTS_EXAMPLES_RUN_PROGRAM_H_

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

// A folder can be opened, but not read.
enum class Stdin { kTerminal, kPipe, kFile, kDevNull, kFolder };

// For the names of parameterised tests: "Terminal".
std::ostream& operator<<(std::ostream& stream, Stdin kind);

struct RunOptions {
  std::string input = {};                     // The first, of a file the only.
  std::vector<std::string> environment = {};  // "NAME=VALUE", added to ours.
  std::vector<std::string> arguments = {};
};

// What a program left behind.
struct Exit {
  int status;  // 128 + N if signal N ended it, as a shell says it.
  std::chrono::nanoseconds cpu_time;
};

// A running program, which ends with this object if not before. Whatever does
// not happen within a minute never will: it throws std::runtime_error, which
// tells what the program printed, and fails the test.
class Program {
 public:
  // `name` is that of a target in //examples. Its environment is ours without
  // SELECTORS_TRACE, and with what `options` adds.
  Program(const std::string& name, Stdin kind, RunOptions options = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // Gives a terminal or a pipe more to read: in one write(2), if it has room.
  void write(std::string_view text);

  // Ctrl-D, which is the end of input only at the beginning of a line; of a
  // pipe, closes our end. Files and /dev/null end by themselves.
  void end_input();

  // Ctrl-C. Only for a terminal, which makes a SIGINT of it.
  void interrupt() { write("\x03"); }

  // Returns when the program has read all that was written. Only for a pipe.
  void wait_until_input_is_read();

  // Waits for the next line, and returns it without its end.
  std::string read_line() { return read_line(out_); }
  std::string read_error_line() { return read_line(err_); }

  // Waits until the program has ended, or closed the stream, and returns all
  // lines that were not read yet. A line without an end is an error.
  std::vector<std::string> read_lines() { return read_lines(out_); }
  std::vector<std::string> read_error_lines() { return read_lines(err_); }

  // The lines on standard error that have come and were not read yet.
  std::vector<std::string> error_lines_so_far();

  // kill(1) and its friends.
  pid_t pid() const { return pid_; }
  void send(int signal_number);
  void stop();  // By SIGSTOP. Returns when it has stopped.
  void stop_and_continue();

  // Has it ended? Does not wait.
  bool has_ended() const;

  // Waits until the program ends.
  Exit wait();

 private:
  using Clock = std::chrono::steady_clock;

  struct Stream {
    const char* name;
    int fd = -1;
    std::string buffer = {};  // An incomplete line.
    std::deque<std::string> lines = {};
    std::string seen = {};  // Everything, for error messages.
  };

  std::string read_line(Stream& stream);
  std::vector<std::string> read_lines(Stream& stream);
  void pump(Clock::time_point deadline);
  void take(Stream& stream);
  [[noreturn]] void fail(const std::string& what) const;

  const std::string name_;
  const Stdin kind_;
  pid_t pid_ = -1;
  int input_ = -1;  // Our end of the pipe, or the terminal.
  Stream out_{"standard output"};
  Stream err_{"standard error"};
};

}  // namespace examples

#endif  // TESTS_EXAMPLES_RUN_PROGRAM_H_

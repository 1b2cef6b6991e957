// `Program`: a program that is run as a user runs it. Its standard input is a
// terminal, a pipe, a file or /dev/null, and its output is read line by line as
// it arrives.

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

// The exit status and the processor time of a program that has ended.
struct Exit {
  int status;  // 128 + N after an end by signal N, as in a shell.
  std::chrono::nanoseconds cpu_time;
};

// A running program, which ends with this object at the latest. A wait of more
// than a minute throws std::runtime_error, with the output of the program, and
// fails the test.
class Program {
 public:
  // Starts the target `name` of //examples. Its environment is ours without
  // SELECTORS_TRACE, and with the additions of `options`.
  Program(const std::string& name, Stdin kind, RunOptions options = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // Writes to the terminal or pipe of the program, in one write(2) if there is
  // room.
  void write(std::string_view text);

  // Types Ctrl-D, which is the end of input only at the beginning of a line, or
  // closes our end of a pipe. Files and /dev/null end by themselves.
  void end_input();

  // Types Ctrl-C. Only for a terminal, which turns the character into a SIGINT.
  void interrupt() { write("\x03"); }

  // Waits until the program has read all written bytes. Only for a pipe.
  void wait_until_input_is_read();

  // Waits for the next line, and returns the line without its newline.
  std::string read_line() { return read_line(out_); }
  std::string read_error_line() { return read_line(err_); }

  // Waits until the program has ended, or closed the stream, and returns all
  // lines that were not read yet. A line without an end is an error.
  std::vector<std::string> read_lines() { return read_lines(out_); }
  std::vector<std::string> read_error_lines() { return read_lines(err_); }

  // Returns the lines on standard error that have arrived and are unread.
  std::vector<std::string> error_lines_so_far();

  // kill(1) and its friends.
  pid_t pid() const { return pid_; }
  void send(int signal_number);
  void stop();  // By SIGSTOP. Returns when the program has stopped.
  void stop_and_continue();

  // Returns whether the program has ended. Does not wait.
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

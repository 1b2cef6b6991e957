// `File`, `Pipe`, `SocketPair`, `TempFile`: real files for tests, each of which
// closes its descriptors.

#ifndef TESTS_SUPPORT_FILES_H_
#define TESTS_SUPPORT_FILES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace tests {

// An open descriptor, and a file object for selectors: a File has fileno(), and
// -1 once closed. A File must not move while it is registered.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File() { close(); }

  int fileno() const { return fd_; }  // -1 once closed

  // Closes the descriptor. Does nothing the second time.
  void close();

  // Returns the descriptor, which the caller owns now. The File then counts as
  // closed.
  int release();

  // Writes all bytes, or fails the test.
  void write(std::string_view bytes) const;

  // Returns the available bytes, at most `most`; "" at the end or if there are
  // none.
  std::string read(std::size_t most = 4096) const;

 private:
  int fd_ = -1;
};

// pipe(2). Neither end blocks.
struct Pipe {
  Pipe();
  // Writes until the pipe takes no more: its writer is not ready.
  void fill() const;
  File reader;
  File writer;
};

// socketpair(2), a stream. Neither end blocks.
struct SocketPair {
  SocketPair();
  // Writes until `second` takes no more: `first` is not ready for writing.
  void fill_first() const;
  File first;
  File second;
};

// A regular file without a name.
class TempFile : public File {
 public:
  TempFile();
};

// Returns a descriptor that is not open.
int bad_fd();

// Returns a duplicate of `file` under the lowest free number that is at least
// `lowest`.
File dup_at_least(const File& file, int lowest);

// Duplicates `file` to the number `fd`, and closes the former file of `fd`.
File dup_to(const File& file, int fd);

// Returns the numbers of all open descriptors of this process.
std::set<int> open_fds();

// A guard that raises the limit of open descriptors of this process as far as
// possible. The destructor restores the limit.
class MostOpenFiles {
 public:
  MostOpenFiles();
  MostOpenFiles(const MostOpenFiles&) = delete;
  MostOpenFiles& operator=(const MostOpenFiles&) = delete;
  ~MostOpenFiles();
  std::size_t count() const { return count_; }

 private:
  std::size_t before_;
  std::size_t count_;
};

// A fixture which checks that the test leaves no descriptor behind.
class NoLeak : public ::testing::Test {
 protected:
  void SetUp() override { before_ = open_fds(); }
  void TearDown() override { EXPECT_EQ(open_fds(), before_); }

 private:
  std::set<int> before_;
};

}  // namespace tests

#endif  // TESTS_SUPPORT_FILES_H_

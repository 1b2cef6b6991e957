// Real files for tests, each of which closes what it opened.

#ifndef TESTS_SUPPORT_FILES_H_
#define TESTS_SUPPORT_FILES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace tests {

// An open descriptor, and a file object as selectors mean it: it has fileno(),
// and once closed it has none. Must not move while it is registered.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File() { close(); }

  int fileno() const { return fd_; }  // -1 once closed

  // Does nothing the second time.
  void close();

  // Gives the descriptor away; this file then counts as closed.
  int release();

  // Writes all of it, or fails the test.
  void write(std::string_view bytes) const;

  // What there is, at most `most` bytes; "" at the end and if there is nothing.
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
  // Writes until `second` gets no more: `first` is not ready for writing.
  void fill_first() const;
  File first;
  File second;
};

// A regular file without a name.
class TempFile : public File {
 public:
  TempFile();
};

// A descriptor that nothing is open under.
int bad_fd();

// The same open file under the lowest free number that is at least `lowest`.
File dup_at_least(const File& file, int lowest);

// Makes the number `fd` mean what `file` means, closing what it meant.
File dup_to(const File& file, int fd);

// The numbers of all that is open in this process.
std::set<int> open_fds();

// How many descriptors this process may have, raised as far as it goes for as
// long as this lives.
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

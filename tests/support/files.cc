#include "tests/support/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace tests {
namespace {

// Throws if a system call has failed: such a failure is no result of a test.
int check(int result, const char* what) {
  if (result >= 0) return result;
  throw std::system_error(errno, std::generic_category(), what);
}

void set_up(int fd) {
  check(::fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
  check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
}

void write_until_full(const File& file) {
  const std::string chunk(4096, '.');
  while (::write(file.fileno(), chunk.data(), chunk.size()) > 0) continue;
  EXPECT_EQ(errno, EAGAIN);
  // Byte by byte, when a whole chunk does not fit any more.
  while (::write(file.fileno(), ".", 1) > 0) continue;
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void File::close() {
  if (fd_ >= 0) ::close(release());
}

int File::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void File::write(std::string_view bytes) const {
  EXPECT_EQ(::write(fd_, bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
}

std::string File::read(std::size_t most) const {
  std::string bytes(most, '\0');
  const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

Pipe::Pipe() {
  std::array<int, 2> fds;
  check(::pipe(fds.data()), "pipe");
  reader = File(fds[0]);
  writer = File(fds[1]);
  for (const int fd : fds) set_up(fd);
}

void Pipe::fill() const { write_until_full(writer); }

SocketPair::SocketPair() {
  std::array<int, 2> fds;
  check(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), "socketpair");
  first = File(fds[0]);
  second = File(fds[1]);
  for (const int fd : fds) set_up(fd);
}

void SocketPair::fill_first() const { write_until_full(first); }

TempFile::TempFile() {
  std::string path = "/tmp/selectors_test_XXXXXX";
  static_cast<File&>(*this) = File(check(::mkstemp(path.data()), "mkstemp"));
  check(::unlink(path.c_str()), "unlink");
}

int bad_fd() {
  const Pipe pipe;
  return pipe.reader.fileno();
}

File dup_at_least(const File& file, int lowest) {
  return File(check(::fcntl(file.fileno(), F_DUPFD_CLOEXEC, lowest), "fcntl"));
}

File dup_to(const File& file, int fd) {
  return File(check(::dup2(file.fileno(), fd), "dup2"));
}

std::set<int> open_fds() {
  std::set<int> fds;
  DIR* const folder = ::opendir("/dev/fd");
  if (folder == nullptr) check(-1, "opendir /dev/fd");
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] != '.') fds.insert(std::atoi(entry->d_name));
  }
  fds.erase(::dirfd(folder));
  ::closedir(folder);
  return fds;
}

MostOpenFiles::MostOpenFiles() {
  rlimit limit;
  check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  before_ = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  const bool raised = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  count_ = raised ? limit.rlim_max : before_;
}

MostOpenFiles::~MostOpenFiles() {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = before_;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace tests

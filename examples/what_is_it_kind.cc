#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "examples/what_is_it.h"

namespace examples {
namespace {

constexpr unsigned kEvents = POLLIN | POLLOUT | POLLPRI | POLLRDHUP;

std::string words_of(unsigned mask) {
  constexpr std::pair<unsigned, const char*> kWords[] = {
      {POLLIN, "IN"},    {POLLOUT, "OUT"},     {POLLERR, "ERR"},
      {POLLHUP, "HUP"},  {POLLRDHUP, "RDHUP"}, {POLLPRI, "PRI"},
      {POLLNVAL, "NVAL"}};
  std::string words;
  for (const auto& [bit, word] : kWords) {
    if ((mask & bit) == 0) continue;
    if (!words.empty()) words += '|';
    words += word;
  }
  return words.empty() ? "-" : words;
}

std::string error_name() {
  if (errno == EPERM) return "EPERM";
  if (errno == EBADF) return "EBADF";
  return std::strerror(errno);
}

// Returns the target of the descriptor's link in /proc: a path, "pipe:[123]",
// "anon_inode:[eventfd]".
std::string link_of(int fd) {
  char target[256];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
  return {target, size < 0 ? 0 : static_cast<std::size_t>(size)};
}

int option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  ::getsockopt(fd, SOL_SOCKET, name, &value, &size);
  return value;
}

std::string family_of(int fd) {
  const bool stream = option(fd, SO_TYPE) == SOCK_STREAM;
  switch (option(fd, SO_DOMAIN)) {
    case AF_INET:
    case AF_INET6:
      return stream ? "TCP" : "UDP or raw IP";
    case AF_UNIX:
      return stream ? "Unix stream" : "Unix datagram or seqpacket";
    case AF_NETLINK:
      return "netlink";
    case AF_PACKET:
      return "AF_PACKET";
    default:
      return "socket of family " + std::to_string(option(fd, SO_DOMAIN));
  }
}

std::string socket_kind(int fd) {
  if (option(fd, SO_ACCEPTCONN) != 0) return family_of(fd) + " listener";
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  const bool connected =
      ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  return family_of(fd) + (connected ? ", connected" : ", not connected");
}

std::string pipe_kind(int fd, const std::string& link) {
  const std::string name = link.starts_with("pipe:") ? "pipe" : "FIFO";
  switch (::fcntl(fd, F_GETFL) & O_ACCMODE) {
    case O_RDONLY:
      return name + ", read end";
    case O_WRONLY:
      return name + ", write end";
    default:
      return name + ", both ends";
  }
}

std::string file_kind(int fd) {
  struct statfs where;
  if (::fstatfs(fd, &where) != 0) return "regular file";
  if (where.f_type == PROC_SUPER_MAGIC) return "file of proc";
  if (where.f_type == SYSFS_MAGIC) return "file of sysfs";
  if (where.f_type == CGROUP2_SUPER_MAGIC) return "file of a cgroup";
  return "regular file";
}

// Returns "eventfd" for "anon_inode:[eventfd]".
std::string anonymous_kind(std::string_view link) {
  link.remove_prefix(std::string_view("anon_inode:").size());
  if (link.starts_with('[')) link = link.substr(1, link.size() - 2);
  const std::string name(link);
  return name == "eventpoll" ? "epoll" : name;
}

}  // namespace

std::string kind_of(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1) return "not open";
  if ((flags & O_PATH) != 0) return "O_PATH (" + link_of(fd) + ")";
  const std::string link = link_of(fd);
  if (link.starts_with("anon_inode:")) return anonymous_kind(link);
  if (::isatty(fd) != 0) return "terminal (" + link + ")";
  struct stat status;
  ::fstat(fd, &status);
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
      return pipe_kind(fd, link);
    case S_IFSOCK:
      return socket_kind(fd);
    case S_IFREG:
      return link.starts_with("pidfd") ? "pidfd" : file_kind(fd);
    case S_IFDIR:
      return "directory";
    case S_IFBLK:
      return "block device (" + link + ")";
    default:
      return "character device (" + link + ")";
  }
}

std::string select_says(int fd) {
  if (fd < 0 || fd >= FD_SETSIZE) return "has no room for this number";
  fd_set sets[3];
  for (fd_set& set : sets) {
    FD_ZERO(&set);
    FD_SET(fd, &set);
  }
  timeval at_once{};
  const int count = ::select(fd + 1, &sets[0], &sets[1], &sets[2], &at_once);
  if (count < 0) return error_name();
  // For a number that is higher than all numbers that were ever open, the
  // kernel neither returns EBADF nor clears the bits.
  if (count == 0) return "-";
  std::string letters;
  for (const std::size_t i : {0u, 1u, 2u}) {
    if (FD_ISSET(fd, &sets[i])) letters += "RWX"[i];
  }
  return letters.empty() ? "-" : letters;
}

std::string poll_says(int fd) {
  pollfd entry = {fd, static_cast<short>(kEvents), 0};
  ::poll(&entry, 1, 0);
  return words_of(static_cast<unsigned short>(entry.revents));
}

std::string epoll_says(int fd) {
  // Checked first, because the epoll below may get this number.
  if (::fcntl(fd, F_GETFD) == -1) return error_name();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = kEvents;
  std::string answer;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    answer = error_name();
  } else {
    answer =
        words_of(::epoll_wait(epoll, &event, 1, 0) == 1 ? event.events : 0);
  }
  ::close(epoll);
  return answer;
}

}  // namespace examples

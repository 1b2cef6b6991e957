#include <fcntl.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <future>
#include <thread>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

std::shared_ptr<Process> sleeper() {
  return std::make_shared<Process>([] { ::pause(); });
}

Subject pidfd_of(const std::shared_ptr<Process>& process) {
  Subject subject(File(have(
      static_cast<int>(::syscall(SYS_pidfd_open, process->pid(), O_NONBLOCK)),
      "pidfd_open")));
  subject.more = [process] {
    process->kill();
    process->await_end();
  };
  subject.ends.push_back(process);
  return subject;
}

Subject pidfd_running() { return pidfd_of(sleeper()); }

Subject pidfd_zombie() {
  const auto process = sleeper();
  Subject subject = pidfd_of(process);
  subject.more();
  subject.more = [process] { process->reap(); };
  return subject;
}

Subject pidfd_reaped() {
  Subject subject = pidfd_zombie();
  subject.more();
  return subject;
}

// A thread of this program, which ends when it gets a byte, and its pidfd.
Subject pidfd_of_thread(bool ended) {
  int fds[2];
  have(::pipe2(fds, O_CLOEXEC), "pipe2");
  const auto id = std::make_shared<std::promise<int>>();
  const auto thread = std::make_shared<std::thread>([id, reader = fds[0]] {
    id->set_value(static_cast<int>(::syscall(SYS_gettid)));
    char byte;
    while (::read(reader, &byte, 1) < 0) {
    }
  });
  constexpr unsigned kThread = O_EXCL;  // PIDFD_THREAD
  const int fd = static_cast<int>(
      ::syscall(SYS_pidfd_open, id->get_future().get(), kThread));
  const auto end = [thread, writer = fds[1]] {
    if (!thread->joinable()) return;
    put(writer, "x");
    thread->join();
  };
  Subject subject{File(fd)};
  subject.files.emplace_back(fds[0]);
  subject.files.emplace_back(fds[1]);
  subject.at_end(end);
  have(fd, "pidfd_open(PIDFD_THREAD)");
  subject.more = end;
  if (!ended) return subject;
  end();
  await(fd, POLLHUP);
  return subject;
}

Subject pidfd_thread_running() { return pidfd_of_thread(false); }
Subject pidfd_thread_ended() { return pidfd_of_thread(true); }

File perf_event() {
  perf_event_attr what{};
  what.type = PERF_TYPE_SOFTWARE;
  what.size = sizeof what;
  what.config = PERF_COUNT_SW_DUMMY;
  what.exclude_kernel = 1;
  what.sample_period = 1;
  return File(have(static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1,
                                              -1, PERF_FLAG_FD_CLOEXEC)),
                   "perf_event_open"));
}

// There is no buffer in which a reader would find records.
Subject perf_without_buffer() {
  Subject subject(perf_event());
  subject.take = [] { return ssize_t{0}; };
  return subject;
}

Subject perf_with_buffer() {
  Subject subject(perf_event());
  const auto size = 2 * static_cast<std::size_t>(::getpagesize());
  void* const buffer = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                              subject.fd(), 0);
  have(buffer == MAP_FAILED ? -1 : 0, "mmap of a perf event");
  subject.at_end([=] { ::munmap(buffer, size); });
  return subject;
}

// In a child: getppid() asks the listener, which it sends to `channel`.
void filter_and_send(int channel, bool call) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {4, code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  int listener =
      static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                 SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
  char space[CMSG_SPACE(sizeof listener)] = {};
  char byte = 'x';
  iovec bytes = {&byte, 1};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (listener >= 0) {
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    *header = {CMSG_LEN(sizeof listener), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), &listener, sizeof listener);
  }
  ::sendmsg(channel, &message, 0);
  ::close(listener);
  if (call) ::syscall(SYS_getppid);
  ::pause();
}

File receive_descriptor(int channel) {
  int fd = -1;
  char space[CMSG_SPACE(sizeof fd)] = {};
  char byte;
  iovec bytes = {&byte, 1};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  have(static_cast<int>(::recvmsg(channel, &message, MSG_CMSG_CLOEXEC)),
       "recvmsg");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) throw Absent{"seccomp gives no listener"};
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return File(fd);
}

Subject seccomp_listener(bool call) {
  int fds[2];
  have(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
  const File near(fds[0]), far(fds[1]);
  const int channel = fds[1];
  const auto process = std::make_shared<Process>(
      [channel, call] { filter_and_send(channel, call); });
  Subject subject(receive_descriptor(near.fileno()));
  subject.ends.push_back(process);
  subject.more = [process] {
    process->kill();
    process->reap();
  };
  return subject;
}

Subject seccomp_idle() { return seccomp_listener(false); }

Subject seccomp_request() {
  Subject subject = seccomp_listener(true);
  await(subject.fd(), POLLIN);
  const int fd = subject.fd();
  subject.take = [fd]() -> ssize_t {
    seccomp_notif request{};
    return ::ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) == 0 ? 1 : -1;
  };
  return subject;
}

Subject seccomp_without_process() {
  Subject subject = seccomp_listener(false);
  subject.more();
  await(subject.fd(), POLLHUP);
  return subject;
}

}  // namespace

std::vector<Kind> process_kinds() {
  return {
      {"pidfd",
       {{"the process runs", pidfd_running, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"the process has ended", pidfd_zombie, "R", "IN", "IN", Trap::kEnd,
         Edge::kReported, linux_version(6, 9)},
        {"the process was reaped", pidfd_reaped, "R", "IN|HUP", "IN|HUP",
         Trap::kEnd, Edge::kNotAsked, linux_version(6, 9)}},
       "waitid(P_PIDFD) and unregister; it is never read. "
       "PIDFD_INFO_EXIT has the exit code only after the reap. Before Linux "
       "6.9 there is no HUP."},
      {"pidfd of a thread (PIDFD_THREAD)",
       {{"the thread runs", pidfd_thread_running, "-", "-", "-", Trap::kNone,
         Edge::kReported, linux_version(6, 9)},
        {"the thread has ended", pidfd_thread_ended, "R", "IN|HUP", "IN|HUP",
         Trap::kEnd, Edge::kNotAsked, linux_version(6, 9)}},
       "A thread that calls exec() has ended, although the program goes on: "
       "watch the process."},
      {"perf event",
       {{"nothing is mapped", perf_without_buffer, "R", "HUP", "HUP",
         Trap::kReader},
        {"its buffer is mapped", perf_with_buffer, "-", "-", "-"}},
       "Map the buffer before you register it."},
      {"seccomp listener",
       {{"no request waits", seccomp_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a request waits", seccomp_request, "R", "IN", "IN"},
        {"the last process is gone", seccomp_without_process, "R", "HUP", "HUP",
         Trap::kEnd}},
       "SECCOMP_IOCTL_NOTIF_RECV; HUP ends the registration."},
  };
}

}  // namespace descriptors

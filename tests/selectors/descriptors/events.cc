#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/selectors/descriptors/kinds.h"

namespace descriptors {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0} - 1;

void add(int fd, std::uint64_t number) {
  have(static_cast<int>(::write(fd, &number, sizeof number)), "write");
}

Subject counter(std::uint64_t number, int flags = 0) {
  Subject subject(
      File(have(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | flags), "eventfd")));
  const int fd = subject.fd();
  if (number > 0) add(fd, number);
  subject.more = [fd] { add(fd, 1); };
  return subject;
}

Subject counter_zero() { return counter(0); }
Subject counter_one() { return counter(1); }
Subject counter_full() { return counter(kMost); }

Subject counter_almost_full() {
  Subject subject = counter(kMost - 2);
  const int fd = subject.fd();
  subject.give = [fd] {
    const std::uint64_t five = 5;
    return ::write(fd, &five, sizeof five);
  };
  return subject;
}

Subject semaphore_of_three() { return counter(3, EFD_SEMAPHORE); }

Subject timer(std::uint64_t nanoseconds, bool expired) {
  Subject subject(
      File(have(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                "timerfd_create")));
  const int fd = subject.fd();
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  have(::timerfd_settime(fd, 0, &when, nullptr), "timerfd_settime");
  if (expired) await(fd, POLLIN);
  subject.more = [fd] {
    itimerspec at_once{};
    at_once.it_value.tv_nsec = 1;
    have(::timerfd_settime(fd, 0, &at_once, nullptr), "timerfd_settime");
  };
  return subject;
}

Subject timer_disarmed() { return timer(0, false); }
Subject timer_running() { return timer(3'600'000'000'000, false); }
Subject timer_expired() { return timer(1, true); }

// The signal is sent to this thread, because another thread of the program
// could take a signal of the process.
Subject signals(bool pending) {
  sigset_t set, before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  Subject subject(
      File(have(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd")));
  subject.at_end([set, before] {
    const timespec at_once{};
    ::sigtimedwait(&set, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  });
  subject.more = [] { ::raise(SIGUSR1); };
  if (pending) subject.more();
  return subject;
}

Subject signals_none() { return signals(false); }
Subject signals_pending() { return signals(true); }

// An epoll that watches a pipe, and reports the pipe if `ready`.
Subject epoll_of_pipe(std::uint32_t events, bool ready) {
  int fds[2];
  have(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), "pipe2");
  Subject subject(File(have(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")));
  subject.files.emplace_back(fds[0]);
  subject.files.emplace_back(fds[1]);
  epoll_event event{};
  event.events = events;
  have(::epoll_ctl(subject.fd(), EPOLL_CTL_ADD, fds[0], &event), "epoll_ctl");
  const int epoll = subject.fd(), reader = fds[0], writer = fds[1];
  subject.more = [writer] { put(writer, "x"); };
  subject.take = [epoll, reader] {
    epoll_event one;
    char byte;
    if (::epoll_wait(epoll, &one, 1, 0) <= 0) return ssize_t{0};
    return ::read(reader, &byte, 1);
  };
  if (ready) subject.more();
  return subject;
}

Subject epoll_idle() { return epoll_of_pipe(EPOLLIN, false); }
Subject epoll_ready() { return epoll_of_pipe(EPOLLIN, true); }

Subject epoll_oneshot_spent() {
  Subject subject = epoll_of_pipe(EPOLLIN | EPOLLONESHOT, true);
  epoll_event event;
  have(::epoll_wait(subject.fd(), &event, 1, 0), "epoll_wait");
  return subject;
}

Subject queue(int messages) {
  static std::atomic<int> last = 0;
  const std::string name = "/descriptors-" + std::to_string(::getpid()) + "-" +
                           std::to_string(++last);
  mq_attr limits{};
  limits.mq_maxmsg = 2;
  limits.mq_msgsize = 8;
  Subject subject(
      File(have(::mq_open(name.c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC,
                          0600, &limits),
                "mq_open")));
  ::mq_unlink(name.c_str());
  const int fd = subject.fd();
  subject.take = [fd] {
    char bytes[8];
    return ::mq_receive(fd, bytes, sizeof bytes, nullptr);
  };
  subject.more = [fd] { have(::mq_send(fd, "x", 1, 0), "mq_send"); };
  for (int i = 0; i < messages; ++i) subject.more();
  return subject;
}

Subject queue_empty() { return queue(0); }
Subject queue_with_one() { return queue(1); }
Subject queue_full() { return queue(2); }

}  // namespace

std::vector<Kind> event_kinds() {
  return {
      {"eventfd",
       {{"it is 0", counter_zero, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"it is 1", counter_one, "RW", "IN|OUT", "IN|OUT", Trap::kNone,
         Edge::kReported},
        {"it is as high as it goes", counter_full, "R", "IN", "IN"},
        {"it has room for 2, and 5 is added", counter_almost_full, "RW",
         "IN|OUT", "IN|OUT", Trap::kWriter}},
       "Read once per report; WRITE promises room for 1 and no more."},
      {"eventfd, EFD_SEMAPHORE",
       {{"it is 3", semaphore_of_three, "RW", "IN|OUT", "IN|OUT", Trap::kNone,
         Edge::kReported}},
       "Each read() takes 1: with EVENT_EDGE, read until EAGAIN."},
      {"timerfd",
       {{"it is disarmed", timer_disarmed, "-", "-", "-"},
        {"it runs", timer_running, "-", "-", "-", Trap::kNone, Edge::kReported},
        {"it has expired", timer_expired, "R", "IN", "IN", Trap::kNone,
         Edge::kReported}},
       "Read 8 bytes: how often it expired. ECANCELED: the clock was set."},
      {"signalfd",
       {{"no signal is pending", signals_none, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"a signal is pending", signals_pending, "R", "IN", "IN", Trap::kNone,
         Edge::kSilent}},
       "Read until EAGAIN. After fork(), epoll is silent in the child until "
       "after_fork_in_child()."},
      {"epoll (a selector's fileno())",
       {{"nothing is ready in it", epoll_idle, "-", "-", "-", Trap::kNone,
         Edge::kReported},
        {"something is ready in it", epoll_ready, "R", "IN", "IN", Trap::kNone,
         Edge::kReported},
        {"EPOLLONESHOT has reported all", epoll_oneshot_spent, "-", "-", "-"}},
       "Call its select(). Five epoll instances in a row can watch each other, "
       "not six."},
      {"POSIX message queue",
       {{"it is empty", queue_empty, "W", "OUT", "OUT", Trap::kNone,
         Edge::kReported},
        {"a message is in it", queue_with_one, "RW", "IN|OUT", "IN|OUT",
         Trap::kNone, Edge::kReported},
        {"it is full", queue_full, "R", "IN", "IN"}},
       "mq_receive() until EAGAIN."},
  };
}

}  // namespace descriptors

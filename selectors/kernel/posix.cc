#include "selectors/kernel/posix.h"

#include <poll.h>

#include <chrono>
#include <ctime>
#include <vector>

#include "selectors/kernel/describe.h"

namespace selectors::kernel {
namespace {

void describe_close(std::string& text, const Call& call) {
  append(text, call.args[0]);
}

void describe_fcntl(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  if (call.args[1] == F_GETFD) {
    text += "F_GETFD";
  } else if (call.args[1] == F_GETFL) {
    text += "F_GETFL";
  } else if (call.args[1] == F_SETFD) {
    append(text, "F_SETFD, ", call.args[2] == FD_CLOEXEC ? "CLOEXEC" : "0");
  } else {
    append(text, call.args[1], ", ", call.args[2]);
  }
}

void append_fd_set(std::string& text, const Call& call, std::size_t arg) {
  const auto* set = reinterpret_cast<const fd_set*>(call.args[arg]);
  if (set == nullptr) {
    text += "-";
    return;
  }
  std::vector<int> fds;
  for (int fd = 0; fd < call.args[0]; ++fd) {
    if (FD_ISSET(fd, set)) fds.push_back(fd);
  }
  append_list(text, fds.data(), static_cast<std::ptrdiff_t>(fds.size()),
              [](std::string& out, int fd) { append(out, fd); });
}

// Appends "6, [3, 5] -> [3], -, 100 ms": the readers, asked for and ready; no
// writers.
void describe_pselect(std::string& text, const Call& call) {
  append(text, call.args[0]);
  for (const std::size_t asked : {1u, 2u, 3u}) {
    if (asked == 3 && call.args[asked] == 0) continue;
    text += ", ";
    append_fd_set(text, call, asked);
    if (call.result < 0 || call.args[asked] == 0) continue;
    text += " -> ";
    append_fd_set(text, call, asked + 3);
  }
  append(text, ", ", timeout_of(call, 7).repr());
}

void describe_poll(std::string& text, const Call& call) {
  append_pollfds(text, reinterpret_cast<const pollfd*>(call.args[0]),
                 call.args[1]);
  append(text, ", ", call.args[1], ", ", timeout_of(call, 2).repr());
}

// Whether the C library has ppoll(2). Without an `#if`: because `PollFd` is a
// template parameter, ppoll is looked up only at instantiation.
template <class PollFd>
constexpr bool kHasPpoll = requires(PollFd* fds) {
  ppoll(fds, nfds_t{}, nullptr, nullptr);
};

int wait_by_poll(pollfd* fds, std::size_t count, const WaitLimit* timeout) {
  return ::poll(fds, static_cast<nfds_t>(count), timeout->to_milliseconds());
}

template <class PollFd>
int wait_by_ppoll(PollFd* fds, std::size_t count, const WaitLimit* timeout) {
  if constexpr (kHasPpoll<PollFd>) {
    std::timespec wait;
    return ppoll(fds, static_cast<nfds_t>(count), timeout->to_timespec(wait),
                 nullptr);
  } else {
    return wait_by_poll(fds, count, timeout);
  }
}

}  // namespace

constinit const Syscall kClose = {"close", describe_close};
constinit const Syscall kFcntl = {"fcntl", describe_fcntl};
constinit const Syscall kPselect = {"pselect", describe_pselect};
constinit const Syscall kPoll = {"poll", describe_poll};
constinit const Syscall kPpoll = {"ppoll", describe_poll};

void append_pollfds(std::string& text, const pollfd* fds, Word count) {
  constexpr FlagName kFlags[] = {
      {POLLIN, "IN"},   {POLLPRI, "PRI"}, {POLLOUT, "OUT"},
      {POLLERR, "ERR"}, {POLLHUP, "HUP"}, {POLLNVAL, "NVAL"},
  };
  append_list(text, fds, count, [&](std::string& out, const pollfd& entry) {
    append(out, entry.fd, " ");
    append_flags(out, static_cast<unsigned short>(entry.events), kFlags);
    if (entry.revents == 0) return;
    out += " -> ";
    append_flags(out, static_cast<unsigned short>(entry.revents), kFlags);
  });
}

// Linux restarts ppoll(2) with the time that was left when the process was
// stopped (SIGSTOP), and poll(2) with the time that is left now.
int poll(pollfd* fds, std::size_t count, const WaitLimit& timeout) {
  const bool has_fraction =
      kHasPpoll<pollfd> && !timeout.is_poll() && !timeout.waits_forever();
  if (!has_fraction) return call(kPoll, wait_by_poll, fds, count, &timeout);
  const auto whole =
      std::chrono::floor<std::chrono::milliseconds>(timeout.value());
  if (whole.count() == 0) {
    return call(kPpoll, wait_by_ppoll<pollfd>, fds, count, &timeout);
  }
  const WaitLimit limit = whole;
  return call(kPoll, wait_by_poll, fds, count, &limit);
}

}  // namespace selectors::kernel

#include "selectors/kernel/posix.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
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

// Calls ppoll() if the C library has it, without an `#if`. Because the type of
// `fds` is a template parameter, ppoll is looked up only at instantiation. If
// there is none, the compiler leaves that branch out.
template <class PollFd>
int ppoll_or_poll(PollFd* fds, std::size_t count, const WaitLimit* timeout) {
  const auto n = static_cast<nfds_t>(count);
  if constexpr (requires { ppoll(fds, n, nullptr, nullptr); }) {
    // ppoll waits for the last fraction of a millisecond only. Linux restarts
    // it with the time that was left when the process was stopped (SIGSTOP);
    // poll ends at the same moment as without a stop.
    const auto whole = timeout->value() / std::chrono::milliseconds(1);
    std::timespec wait;
    if (timeout->is_poll() || timeout->waits_forever() || whole > 0) {
      constexpr std::int64_t kMost = std::numeric_limits<int>::max();
      const auto most =
          static_cast<int>(std::clamp<std::int64_t>(whole, 0, kMost));
      return ::poll(fds, n, timeout->waits_forever() ? -1 : most);
    }
    return ppoll(fds, n, timeout->to_timespec(wait), nullptr);
  }
  return ::poll(fds, n, timeout->to_milliseconds());
}

}  // namespace

constinit const Syscall kClose = {"close", describe_close};
constinit const Syscall kFcntl = {"fcntl", describe_fcntl};
constinit const Syscall kPselect = {"pselect", describe_pselect};
constinit const Syscall kPoll = {"poll", describe_poll};

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

int poll(pollfd* fds, std::size_t count, const WaitLimit& timeout) {
  return call(kPoll, ppoll_or_poll<pollfd>, fds, count, &timeout);
}

}  // namespace selectors::kernel

#include "selectors/kernel/devpoll.h"

#include "selectors/kernel/describe.h"

namespace selectors::kernel {
namespace {

void describe_open(std::string& text, const Call& call) {
  append(text, "\"", reinterpret_cast<const char*>(call.args[0]), "\", RDWR");
}

void describe_write(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  append_pollfds(text, reinterpret_cast<const pollfd*>(call.args[1]),
                 call.args[2] / static_cast<Word>(sizeof(pollfd)));
}

void describe_ioctl(std::string& text, const Call& call) {
  const auto* question = reinterpret_cast<const dvpoll*>(call.args[2]);
  append(text, call.args[0], ", DP_POLL, ");
  append_pollfds(text, question->dp_fds, call.result);
  append(text, ", ", question->dp_nfds, ", ", question->dp_timeout, " ms");
}

}  // namespace

constinit const Syscall kDevpollOpen = {"open", describe_open};
constinit const Syscall kDevpollWrite = {"write", describe_write};
constinit const Syscall kDevpollIoctl = {"ioctl", describe_ioctl};

}  // namespace selectors::kernel

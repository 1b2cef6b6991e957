#include "selectors/kernel/epoll.h"

#include "selectors/kernel/describe.h"

namespace selectors::kernel {
namespace {

constexpr FlagName kOpenFlags[] = {{EPOLL_CLOEXEC, "CLOEXEC"}};

constexpr FlagName kEvents[] = {
    {EPOLLIN, "IN"},           {EPOLLPRI, "PRI"}, {EPOLLOUT, "OUT"},
    {EPOLLERR, "ERR"},         {EPOLLHUP, "HUP"}, {EPOLLRDHUP, "RDHUP"},
    {EPOLLONESHOT, "ONESHOT"}, {EPOLLET, "ET"},
};

// Appends "IN 5#7": the events, and the registration that the entry carries,
// the 7th, of fd 5. See the generations in epoll_selector.cc.
void append_event(std::string& text, const epoll_event& event) {
  append_flags(text, event.events, kEvents);
  append(text, " ", event.data.u64 & 0xffffffff, "#", event.data.u64 >> 33);
}

void describe_create(std::string& text, const Call& call) {
  append_flags(text, static_cast<unsigned long>(call.args[0]), kOpenFlags);
}

void describe_ctl(std::string& text, const Call& call) {
  const Word operation = call.args[1];
  append(text, call.args[0],
         operation == EPOLL_CTL_ADD   ? ", ADD, "
         : operation == EPOLL_CTL_MOD ? ", MOD, "
                                      : ", DEL, ",
         call.args[2]);
  const auto* event = reinterpret_cast<const epoll_event*>(call.args[3]);
  if (event == nullptr) return;
  text += ", ";
  append_event(text, *event);
}

void describe_wait(std::string& text, const Call& call) {
  append(text, call.args[0], ", ");
  append_list(text, reinterpret_cast<const epoll_event*>(call.args[1]),
              call.result, append_event);
  append(text, ", ", call.args[2], ", ", timeout_of(call, 3).repr());
}

void describe_dup3(std::string& text, const Call& call) {
  append(text, call.args[0], ", ", call.args[1], ", ");
  append_flags(text, call.args[2] == O_CLOEXEC ? EPOLL_CLOEXEC : 0, kOpenFlags);
}

}  // namespace

constinit const Syscall kEpollCreate1 = {"epoll_create1", describe_create};
constinit const Syscall kEpollCtl = {"epoll_ctl", describe_ctl};
constinit const Syscall kEpollWait = {"epoll_wait", describe_wait};
constinit const Syscall kEpollPwait2 = {"epoll_pwait2", describe_wait};
constinit const Syscall kDup3 = {"dup3", describe_dup3};

}  // namespace selectors::kernel

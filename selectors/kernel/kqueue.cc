#include "selectors/kernel/kqueue.h"

#include "selectors/kernel/describe.h"

namespace selectors::kernel {
namespace {

constexpr FlagName kFlags[] = {
    {EV_ADD, "ADD"},         {EV_DELETE, "DELETE"},   {EV_CLEAR, "CLEAR"},
    {EV_ONESHOT, "ONESHOT"}, {EV_RECEIPT, "RECEIPT"}, {EV_EOF, "EOF"},
    {EV_ERROR, "ERROR"},
};

// Appends "READ 5 ADD|CLEAR": the filter, the descriptor and the flags.
void append_kevent(std::string& text, const struct ::kevent& event) {
  append(text, event.filter == EVFILT_READ ? "READ " : "WRITE ", event.ident,
         " ");
  append_flags(text, event.flags, kFlags);
  if ((event.flags & EV_ERROR) == 0) return;
  text += " ";
  append_errno(text, static_cast<int>(event.data));
}

void describe_nothing(std::string&, const Call&) {}

void describe_kevent(std::string& text, const Call& call) {
  using Event = struct ::kevent;
  append(text, call.args[0], ", ");
  append_list(text, reinterpret_cast<const Event*>(call.args[1]), call.args[2],
              append_kevent);
  text += " -> ";
  append_list(text, reinterpret_cast<const Event*>(call.args[3]), call.result,
              append_kevent);
  append(text, ", ", timeout_of(call, 5).repr());
}

}  // namespace

constinit const Syscall kKqueue = {"kqueue", describe_nothing};
constinit const Syscall kKevent = {"kevent", describe_kevent};
constinit const Syscall kGetpid = {"getpid", describe_nothing};

}  // namespace selectors::kernel

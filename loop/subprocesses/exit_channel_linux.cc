#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "loop/subprocesses/exit_channel.h"
#include "loop/subprocesses/kernel.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"
#include "selectors/kernel/describe.h"

namespace loop {
namespace {

// "process 4711"
void describe_open(std::string& text, const selectors::kernel::Call& call) {
  selectors::append(text, "process ", call.args[0]);
}

// "5, signal 15"
void describe_send(std::string& text, const selectors::kernel::Call& call) {
  selectors::append(text, call.args[0], ", signal ", call.args[1]);
}

constinit const kernel::Syscall kPidfdOpen = {"pidfd_open", describe_open};
constinit const kernel::Syscall kPidfdSendSignal = {"pidfd_send_signal",
                                                    describe_send};

// pidfd_open(2), which only glibc 2.36 has. The descriptor is close-on-exec.
int pidfd_open(pid_t pid) {
  constexpr auto make = [](pid_t process) {
    return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  };
  return kernel::call(kPidfdOpen, make, pid);
}

// pidfd_send_signal(2), which only glibc 2.36 has.
int pidfd_send_signal(int pidfd, int signal_number) {
  constexpr auto make = [](int fd, int number) {
    return static_cast<int>(
        ::syscall(SYS_pidfd_send_signal, fd, number, nullptr, 0));
  };
  return kernel::call(kPidfdSendSignal, make, pidfd, signal_number);
}

}  // namespace

// Falls back to a pipe if the kernel or a sandbox does not allow pidfd_open(2).
void ExitChannel::open() {
  const int fd = pidfd_open(pid_);
  if (fd != -1) {
    descriptor_ = Descriptor(fd);
    reaped_by_ = P_PIDFD;
    send_ = pidfd_send_signal;
  } else if (errno == ESRCH) {
    open_of_reaped();
  } else if (errno == ENOSYS || errno == EPERM) {
    open_pipe();
  } else {
    throw selectors::make_os_error(errno, "pidfd_open");
  }
}

}  // namespace loop

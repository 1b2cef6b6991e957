#include <signal.h>
#include <sys/sendfile.h>

#include <cerrno>
#include <ctime>

#include "loop/sockets/kernel.h"

namespace loop::kernel {
namespace {

// Keeps SIGPIPE from this thread. sendfile(2) raises it if the peer is gone,
// and has no flag against that.
class NoSigpipe {
 public:
  NoSigpipe() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &old_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    const int error = errno;
    if (error == EPIPE && ::sigismember(&old_, SIGPIPE) == 0) take_signal();
    ::pthread_sigmask(SIG_SETMASK, &old_, nullptr);
    errno = error;
  }

 private:
  void take_signal() {
    const std::timespec at_once{};
    while (::sigtimedwait(&sigpipe_, nullptr, &at_once) == -1 &&
           errno == EINTR) {
    }
  }

  sigset_t sigpipe_;
  sigset_t old_;
};

}  // namespace

ssize_t sendfile(int fd, int file, off_t* offset, std::size_t size) {
  const NoSigpipe guard;
  return call(kSendfile, ::sendfile, fd, file, offset, size);
}

}  // namespace loop::kernel

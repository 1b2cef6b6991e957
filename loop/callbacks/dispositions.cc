#include "loop/callbacks/dispositions.h"

#include <signal.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <string>
#include <system_error>

#include "loop/callbacks/kernel.h"
#include "loop/callbacks/mailbox.h"
#include "selectors/errors.h"
#include "selectors/forks.h"

namespace loop {
namespace {

struct Disposition {
  int users = 0;
  struct sigaction before;
};

std::mutex mutex;  // Guards `dispositions` and the process's dispositions.
[[maybe_unused]] const bool outlives_fork = selectors::lock_for_fork<mutex>();

std::array<Disposition, Mailbox::kSignals> dispositions;

Disposition& disposition_of(int signal_number) {
  return dispositions[static_cast<std::size_t>(signal_number)];
}

struct sigaction present_action(int signal_number) {
  struct sigaction present {};
  kernel::sigaction(signal_number, nullptr, &present);
  return present;
}

bool is_caught_by_us(const struct sigaction& action) {
  return action.sa_handler == Mailbox::deliver;
}

// Catches a signal. The caller must hold `mutex`.
void catch_it(int signal_number) {
  struct sigaction action {};
  action.sa_handler = Mailbox::deliver;
  // SA_RESTART: interrupted system calls of other threads continue. SA_ONSTACK:
  // a thread with a small stack may have an alternate stack for signals.
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  struct sigaction before {};
  if (kernel::sigaction(signal_number, &action, &before) != 0) {
    throw selectors::RuntimeError(
        "signal " + std::to_string(signal_number) +
        " cannot be caught: " + std::generic_category().message(errno));
  }
  Disposition& disposition = disposition_of(signal_number);
  if (disposition.users == 0) disposition.before = before;
  ++disposition.users;
}

}  // namespace

void catch_signal(int signal_number) {
  const std::lock_guard lock(mutex);
  catch_it(signal_number);
}

void reset_after_next(int signal_number) {
  const std::lock_guard lock(mutex);
  struct sigaction action = present_action(signal_number);
  action.sa_flags |= static_cast<int>(SA_RESETHAND);
  kernel::sigaction(signal_number, &action, nullptr);
}

bool has_default_disposition(int signal_number) {
  return present_action(signal_number).sa_handler == SIG_DFL;
}

namespace {

// Catches SIGPIPE and returns true. Returns false, and does nothing, if the
// program has set a disposition.
bool catch_sigpipe() {
  const std::lock_guard lock(mutex);
  const struct sigaction present = present_action(SIGPIPE);
  if (present.sa_handler != SIG_DFL && !is_caught_by_us(present)) return false;
  catch_it(SIGPIPE);
  return true;
}

}  // namespace

SigpipeGuard::SigpipeGuard() : catches_(catch_sigpipe()) {}

SigpipeGuard::~SigpipeGuard() {
  if (catches_) release_signal(SIGPIPE);
}

void release_signal(int signal_number) {
  const std::lock_guard lock(mutex);
  Disposition& disposition = disposition_of(signal_number);
  if (--disposition.users > 0) return;
  if (!is_caught_by_us(present_action(signal_number))) return;
  kernel::sigaction(signal_number, &disposition.before, nullptr);
}

}  // namespace loop

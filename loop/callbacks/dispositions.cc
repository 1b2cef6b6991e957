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

namespace loop {
namespace {

struct Disposition {
  int users = 0;
  struct sigaction before;
};

std::mutex mutex;  // Of:
std::array<Disposition, Mailbox::kSignals> dispositions;

Disposition& disposition_of(int signal_number) {
  return dispositions[static_cast<std::size_t>(signal_number)];
}

}  // namespace

void catch_signal(int signal_number) {
  const std::lock_guard lock(mutex);
  struct sigaction action {};
  action.sa_handler = Mailbox::deliver;
  // What another thread is in the middle of goes on, and a thread with a small
  // stack may have set another one aside for signals.
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

void catch_no_more_than_one(int signal_number) {
  const std::lock_guard lock(mutex);
  struct sigaction action {};
  kernel::sigaction(signal_number, nullptr, &action);
  action.sa_flags |= static_cast<int>(SA_RESETHAND);
  kernel::sigaction(signal_number, &action, nullptr);
}

bool has_default_disposition(int signal_number) {
  struct sigaction present {};
  kernel::sigaction(signal_number, nullptr, &present);
  return present.sa_handler == SIG_DFL;
}

void release_signal(int signal_number) {
  const std::lock_guard lock(mutex);
  Disposition& disposition = disposition_of(signal_number);
  if (--disposition.users > 0) return;
  struct sigaction present {};
  kernel::sigaction(signal_number, nullptr, &present);
  if (present.sa_handler != Mailbox::deliver) return;
  kernel::sigaction(signal_number, &disposition.before, nullptr);
}

}  // namespace loop

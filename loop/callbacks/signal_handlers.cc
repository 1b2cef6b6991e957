#include "loop/callbacks/signal_handlers.h"

#include <string>

#include "loop/callbacks/dispositions.h"
#include "selectors/errors.h"

namespace loop {

Handler*& SignalHandlers::handler_of(int signal_number) {
  if (!Mailbox::is_signal(signal_number)) {
    throw selectors::ValueError("invalid signal number " +
                                std::to_string(signal_number));
  }
  return handlers_[static_cast<std::size_t>(signal_number)];
}

void SignalHandlers::add(int signal_number, Callback callback,
                         SourceLocation where) {
  Handler*& place = handler_of(signal_number);
  arrived_.reserve(Mailbox::kSignals);  // So that collect() need not allocate.
  Handler& handler = pool_.add(std::move(callback), where);
  const bool is_first = place == nullptr;
  // Before catching the signal, so that no arrival is lost.
  if (is_first) mailbox_.want_signal(signal_number);
  try {
    // Also for a replacement, as reset_after_next() may have limited the
    // earlier catch to one arrival.
    catch_signal(signal_number);
  } catch (...) {
    if (is_first) mailbox_.forget_signal(signal_number);
    pool_.remove(&handler);
    throw;
  }
  if (!is_first) release_signal(signal_number);
  pool_.remove(std::exchange(place, &handler));
}

bool SignalHandlers::remove(int signal_number) {
  Handler* const handler = std::exchange(handler_of(signal_number), nullptr);
  if (handler == nullptr) return false;
  release_signal(signal_number);
  mailbox_.forget_signal(signal_number);
  pool_.remove(handler);
  return true;
}

}  // namespace loop

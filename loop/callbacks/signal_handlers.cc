#include "loop/callbacks/signal_handlers.h"

#include <string>

#include "loop/callbacks/dispositions.h"
#include "selectors/errors.h"

namespace loop {

void SignalHandlers::add(int signal_number, Scheduled&& scheduled) {
  if (!Mailbox::is_signal(signal_number)) {
    throw selectors::ValueError("invalid signal number " +
                                std::to_string(signal_number));
  }
  Handler& handler = pool_.add(std::move(scheduled));
  Handler*& place = handler_of(signal_number);
  if (place == nullptr) {
    mailbox_.want_signal(signal_number);  // First, lest one be lost.
    try {
      catch_signal(signal_number);
    } catch (...) {
      mailbox_.forget_signal(signal_number);
      pool_.remove(&handler);
      throw;
    }
  }
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

void SignalHandlers::remove_all(std::vector<SourceLocation>& places) {
  for (int number = 1; number < Mailbox::kSignals; ++number) {
    const Handler* const handler = handler_of(number);
    if (handler == nullptr) continue;
    places.push_back(handler->scheduled.where);
    remove(number);
  }
}

}  // namespace loop

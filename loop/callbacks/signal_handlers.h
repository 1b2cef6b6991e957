// Which callback belongs to which signal.

#ifndef LOOP_CALLBACKS_SIGNAL_HANDLERS_H_
#define LOOP_CALLBACKS_SIGNAL_HANDLERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/handler_pool.h"
#include "loop/callbacks/mailbox.h"

namespace loop {

// The signal handlers of one loop. In a signal handler as the kernel means it
// next to nothing is allowed; so that one only counts, in the mailbox, and what
// is added here runs later, in the loop, once for each time the signal came.
class SignalHandlers {
 public:
  // Both must outlive it.
  SignalHandlers(Mailbox& mailbox, HandlerPool& pool)
      : mailbox_(mailbox), pool_(pool) {}

  // Puts the callback in the place of what is there. Throws ValueError for what
  // is no signal, RuntimeError for one that cannot be caught.
  void add(int signal_number, Callback callback, SourceLocation where);

  // Returns false if there is nothing to remove. Throws ValueError for what is
  // no signal.
  bool remove(int signal_number);

  // Removes all, and tells report(where) of each.
  template <class Report>
  void remove_all(Report report) {
    for (int number = 1; number < Mailbox::kSignals; ++number) {
      const Handler* const handler = handler_of(number);
      if (handler == nullptr) continue;
      report(handler->scheduled.where);
      remove(number);
    }
  }

  // Notes which signals have come. They run when run_arrived() is called.
  void collect() {
    mailbox_.take_signals([this](int signal_number, std::uint32_t count) {
      arrived_.emplace_back(signal_number, count);
    });
  }

  // Has collect() found any?
  bool any_arrived() const { return !arrived_.empty(); }

  // Calls run(handler) as often as collect() found, as long as it is there.
  template <class Run>
  void run_arrived(Run run) {
    for (auto [signal_number, count] : arrived_) {
      for (; count > 0; --count) {
        Handler* const handler = handler_of(signal_number);
        if (handler == nullptr) break;
        run(*handler);
      }
    }
    arrived_.clear();
  }

 private:
  // Throws ValueError.
  Handler*& handler_of(int signal_number);

  Mailbox& mailbox_;
  HandlerPool& pool_;
  std::array<Handler*, Mailbox::kSignals> handlers_{};
  std::vector<std::pair<int, std::uint32_t>> arrived_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_SIGNAL_HANDLERS_H_

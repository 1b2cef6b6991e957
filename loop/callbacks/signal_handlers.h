// `SignalHandlers`: the signal handlers of a loop, which run as callbacks.
//
// Next to nothing is allowed in a signal handler that the kernel calls.
// Therefore that handler, Mailbox::deliver(), only counts arrivals.

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

/// The signal handlers of one loop, by signal number. A handler runs in the
/// loop, once for each arrival of its signal. For the loop's thread only.
class SignalHandlers {
 public:
  /// Makes an empty table, whose handlers `pool` owns. `mailbox` and `pool`
  /// must outlive the table.
  SignalHandlers(Mailbox& mailbox, HandlerPool& pool)
      : mailbox_(mailbox), pool_(pool) {}

  /// Adds a handler, or replaces the present one. Throws ValueError for a
  /// number that is no signal, RuntimeError for a signal that cannot be caught,
  /// and std::bad_alloc; then nothing has changed.
  void add(int signal_number, Callback callback, SourceLocation where);

  /// Removes a handler. Returns false if there is none. Throws ValueError for a
  /// number that is no signal.
  bool remove(int signal_number);

  /// Removes all handlers. Calls report(where) with the source location of
  /// each.
  template <class Report>
  void remove_all(Report report) {
    for (int number = 1; number < Mailbox::kSignals; ++number) {
      const Handler* const handler = handler_of(number);
      if (handler == nullptr) continue;
      report(handler->scheduled.where);
      remove(number);
    }
  }

  /// Takes the arrived signals from the mailbox. run_arrived() runs their
  /// handlers.
  void collect() {
    mailbox_.take_signals([this](int signal_number, std::uint32_t count) {
      arrived_.emplace_back(signal_number, count);
    });
  }

  /// Returns whether collect() has found signals that run_arrived() has not
  /// handled.
  bool any_arrived() const { return !arrived_.empty(); }

  /// Calls run(handler) once for each arrival that collect() found, as long as
  /// the signal has a handler.
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
  // Returns the entry of a signal. Throws ValueError for a number that is no
  // signal.
  Handler*& handler_of(int signal_number);

  Mailbox& mailbox_;
  HandlerPool& pool_;
  std::array<Handler*, Mailbox::kSignals> handlers_{};
  std::vector<std::pair<int, std::uint32_t>> arrived_;
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_SIGNAL_HANDLERS_H_

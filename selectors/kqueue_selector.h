// `KqueueSelector`: a selector over kqueue of BSD and macOS, a queue of kernel
// events with one filter for reading and one for writing.

#ifndef SELECTORS_KQUEUE_SELECTOR_H_
#define SELECTORS_KQUEUE_SELECTOR_H_

#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct kevent;

namespace selectors {

/// A selector over kqueue(2). The cost of a select() depends on the number of
/// ready descriptors, not on the number of registered ones.
///
/// ```cpp
/// selectors::KqueueSelector selector;
/// selector.register_(fd, selectors::EVENT_READ | selectors::EVENT_EDGE);
/// ```
///
/// The kernel forgets a descriptor when it is closed. Supports EVENT_EDGE and
/// EVENT_ONESHOT. The contract, including the thread rule, is that of
/// BaseSelector.
///
/// Port of selectors.KqueueSelector (CPython 3.15, Lib/selectors.py).
class KqueueSelector final : public BaseSelectorImpl {
 public:
  /// Makes a kqueue. Throws OSError.
  KqueueSelector();
  /// Closes the selector.
  ~KqueueSelector() override;

  /// Returns the descriptor of the kqueue. See BaseSelector::fileno().
  int fileno() const override;
  /// Returns "KqueueSelector".
  std::string_view name() const override { return "KqueueSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  std::optional<OSError> renew(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;
  bool has_kernel_object() const override { return true; }
  void close_kernel_object() noexcept override;
  void renew_after_fork() override;

  std::optional<OSError> replace(Registration& registration,
                                 EventMask old_events);
  void forget(int fd) noexcept;
  void report_event(const struct kevent& event);

  int kq_ = -1;
  int owner_;  // the process that made kq_
  EventBuffer<struct kevent> events_;
};

}  // namespace selectors

#endif  // SELECTORS_KQUEUE_SELECTOR_H_

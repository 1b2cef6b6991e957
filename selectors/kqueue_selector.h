// BSD and macOS: a queue of kernel events, with a filter for each question.

#ifndef SELECTORS_KQUEUE_SELECTOR_H_
#define SELECTORS_KQUEUE_SELECTOR_H_

#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct kevent;

namespace selectors {

// Selector over kqueue(2). A select() costs what is ready, however much is
// registered. The kernel forgets a descriptor when it is closed. Has EVENT_EDGE
// and EVENT_ONESHOT.
// Port of selectors.KqueueSelector (CPython 3.15, Lib/selectors.py).
class KqueueSelector final : public BaseSelectorImpl {
 public:
  // Throws OSError.
  KqueueSelector();
  ~KqueueSelector() override;

  int fileno() const override;
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
  int owner_;  // the process that made it
  EventBuffer<struct kevent> events_;
};

}  // namespace selectors

#endif  // SELECTORS_KQUEUE_SELECTOR_H_

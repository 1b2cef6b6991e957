// Any Unix: bitmaps of descriptor numbers, given to the kernel at every wait.

#ifndef SELECTORS_SELECT_SELECTOR_H_
#define SELECTORS_SELECT_SELECTOR_H_

#include <memory>
#include <string_view>

#include "selectors/base_selector_impl.h"

namespace selectors {

/// Selector over select(2). A select() costs the highest number that is
/// registered. The C library's fd_set has room for numbers below FD_SETSIZE
/// (1024) only; the kernel would take more. A higher one is refused with
/// ValueError. Watches a number, not the file behind it, as PollSelector does.
/// Differs from Python: there, a number that is too high or closed is
/// registered, and then select() fails.
/// Port of selectors.SelectSelector (CPython 3.15, Lib/selectors.py).
class SelectSelector final : public BaseSelectorImpl {
 public:
  SelectSelector();
  ~SelectSelector() override;

  std::string_view name() const override { return "SelectSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;

  void watch(const Registration& registration, EventMask events);
  [[noreturn]] void throw_refused(int error) const;

  struct Sets;
  const std::unique_ptr<Sets> watched_;
  int nfds_ = 0;  // the highest watched number, plus one
};

}  // namespace selectors

#endif  // SELECTORS_SELECT_SELECTOR_H_

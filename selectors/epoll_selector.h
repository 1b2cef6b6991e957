// Linux: the kernel keeps the list of what is watched, and tells what is ready.

#ifndef SELECTORS_EPOLL_SELECTOR_H_
#define SELECTORS_EPOLL_SELECTOR_H_

#include <cstdint>
#include <string_view>

#include "selectors/base_selector_impl.h"
#include "selectors/event_buffer.h"

struct epoll_event;

namespace selectors {

// Selector over epoll(7). A select() costs what is ready, however much is
// registered. Refuses regular files, directories and /dev/null with OSError
// (EPERM). Has EVENT_EDGE and EVENT_ONESHOT.
// Differs from Python: there, an event of a file that was closed under one of
// its numbers can reach the registration that has the number next.
// Port of selectors.EpollSelector (CPython 3.15, Lib/selectors.py).
class EpollSelector final : public BaseSelectorImpl {
 public:
  // Throws OSError.
  EpollSelector();
  ~EpollSelector() override;

  int fileno() const override;
  bool forgets_closed() const override { return true; }
  std::string_view name() const override { return "EpollSelector"; }

 private:
  std::optional<OSError> add(Registration& registration) override;
  void change(Registration& registration, EventMask old_events) override;
  std::optional<OSError> renew(Registration& registration) override;
  void remove(const Registration& registration) noexcept override;
  bool wait(const WaitLimit& timeout) override;
  bool has_kernel_object() const override { return true; }
  void close_kernel_object() noexcept override;
  void renew_after_fork() override;

  std::uint32_t next_mark(const Registration& registration);
  int ask(epoll_event* events, int room, const WaitLimit& timeout);
  void report_event(const epoll_event& event);
  bool is_watched(int fd);
  void replace_instance();

  int epfd_ = -1;
  mutable int outer_ = -1;  // What fileno() gave: an instance with epfd_ in it.
  std::uint32_t last_generation_ = 0;
  bool has_nanoseconds_ = true;  // until epoll_pwait2 answers ENOSYS
  bool has_strays_ = false;      // See the top of epoll_selector.cc.
  EventBuffer<epoll_event> events_;
};

}  // namespace selectors

#endif  // SELECTORS_EPOLL_SELECTOR_H_

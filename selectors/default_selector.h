// The best selector that the running kernel has. The only place that asks which
// platform this is.
//
// What a new platform must supply: a page of system calls (as epoll_kernel.h),
// a backend (the functions at "What a backend supplies" in
// base_selector_impl.h), a line here, in default_selector.cc, and in BUILD.

#ifndef SELECTORS_DEFAULT_SELECTOR_H_
#define SELECTORS_DEFAULT_SELECTOR_H_

#include <any>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "selectors/base_selector.h"

// As in Python, a selector exists where its kernel does.
#if defined(__linux__)
#include "selectors/epoll_selector.h"
#elif defined(__sun)
#include "selectors/devpoll_selector.h"
#else
#include "selectors/kqueue_selector.h"
#endif

namespace selectors {

// Whichever is best of epoll, kqueue, /dev/poll, poll and select, in this
// order, found out when it is made: a kernel or a sandbox may refuse what the
// platform promises. The environment variable SELECTORS_BACKEND=select, poll,
// epoll, kqueue or devpoll chooses another, so that any program can be tried on
// any backend.
// Port of selectors.DefaultSelector (CPython 3.15, Lib/selectors.py).
class DefaultSelector final : public BaseSelector {
 public:
  // Throws ValueError if SELECTORS_BACKEND names a backend that this system
  // has not, OSError if it is refused (EMFILE).
  DefaultSelector();
  ~DefaultSelector() override;

  const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                               std::any data = {}) override;
  SelectorKey unregister(const FileObj& fileobj) override;
  const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                            std::any data = {}) override;
  const SelectorKey& reregister(const FileObj& fileobj, EventMask events,
                                std::any data = {}) override;
  std::optional<OSError> try_watch(const FileObj& fileobj,
                                   EventMask events) override;
  bool forgets_closed() const override;
  std::span<const ReadyKey> select(WaitLimit timeout = std::nullopt) override;
  void close() override;
  const SelectorKey& get_key(const FileObj& fileobj) const override;
  const SelectorMap* get_map() const override;
  int fileno() const override;
  bool may_be_watched() const override;
  void set_interrupt_hook(std::function<void()> hook) override;
  void after_fork_in_child() override;
  std::string_view name() const override;

 private:
  const std::unique_ptr<BaseSelector> chosen_;
};

// What a DefaultSelector chooses, without the object around it, for those whom
// passing each call on would cost too much. Throws as its constructor.
std::unique_ptr<BaseSelector> make_default_selector();

}  // namespace selectors

#endif  // SELECTORS_DEFAULT_SELECTOR_H_

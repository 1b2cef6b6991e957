#include "selectors/default_selector.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "selectors/errors.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"

namespace selectors {
namespace {

struct Backend {
  std::string_view name;
  std::unique_ptr<BaseSelector> (*make)();
};

template <class Selector>
std::unique_ptr<BaseSelector> make() {
  return std::make_unique<Selector>();
}

// The best backend first. Roughly: epoll|kqueue|devpoll > poll > select.
constexpr Backend kBackends[] = {
#if defined(__linux__)
    {"epoll", make<EpollSelector>},
#elif defined(__sun)
    {"devpoll", make<DevpollSelector>},
#else
    {"kqueue", make<KqueueSelector>},
#endif
    {"poll", make<PollSelector>},
    {"select", make<SelectSelector>},
};

std::unique_ptr<BaseSelector> make_named(std::string_view name) {
  std::string names;
  for (const Backend& backend : kBackends) {
    if (backend.name == name) return backend.make();
    names += (names.empty() ? "" : ", ") + std::string(backend.name);
  }
  throw ValueError("SELECTORS_BACKEND=" + std::string(name) +
                   ": no such selector here; choose one of " + names);
}

// Tries each backend, as Python's _can_use() does. The constructor tries the
// kernel object; poll, which has none, is called once.
std::unique_ptr<BaseSelector> make_best() {
  for (const Backend& backend : kBackends) {
    try {
      auto selector = backend.make();
      if (backend.name == "poll")
        selector->select(WaitLimit::nanoseconds::zero());
      return selector;
    } catch (const OSError& error) {
      // The kernel, or a sandbox, does not have this call. The caller must know
      // of any other error (EMFILE).
      const int reason = error.code().value();
      if (reason != ENOSYS && reason != EPERM && reason != ENOENT) throw;
    }
  }
  throw make_os_error(ENOSYS, "every way of waiting");
}

}  // namespace

std::unique_ptr<BaseSelector> make_default_selector() {
  const char* const name = std::getenv("SELECTORS_BACKEND");
  return name == nullptr || *name == '\0' ? make_best() : make_named(name);
}

DefaultSelector::DefaultSelector() : chosen_(make_default_selector()) {}

DefaultSelector::~DefaultSelector() = default;

const SelectorKey& DefaultSelector::register_(const FileObj& fileobj,
                                              EventMask events, std::any data) {
  return chosen_->register_(fileobj, events, std::move(data));
}

SelectorKey DefaultSelector::unregister(const FileObj& fileobj) {
  return chosen_->unregister(fileobj);
}

const SelectorKey& DefaultSelector::modify(const FileObj& fileobj,
                                           EventMask events, std::any data) {
  return chosen_->modify(fileobj, events, std::move(data));
}

const SelectorKey& DefaultSelector::reregister(const FileObj& fileobj,
                                               EventMask events,
                                               std::any data) {
  return chosen_->reregister(fileobj, events, std::move(data));
}

std::optional<OSError> DefaultSelector::try_watch(const FileObj& fileobj,
                                                  EventMask events) {
  return chosen_->try_watch(fileobj, events);
}

bool DefaultSelector::forgets_closed() const {
  return chosen_->forgets_closed();
}

std::span<const ReadyKey> DefaultSelector::select(WaitLimit timeout) {
  return chosen_->select(timeout);
}

void DefaultSelector::close() { chosen_->close(); }

const SelectorKey& DefaultSelector::get_key(const FileObj& fileobj) const {
  return chosen_->get_key(fileobj);
}

const SelectorMap* DefaultSelector::get_map() const {
  return chosen_->get_map();
}

int DefaultSelector::fileno() const { return chosen_->fileno(); }

bool DefaultSelector::may_be_watched() const {
  return chosen_->may_be_watched();
}

void DefaultSelector::set_interrupt_hook(std::function<void()> hook) {
  chosen_->set_interrupt_hook(std::move(hook));
}

void DefaultSelector::after_fork_in_child() { chosen_->after_fork_in_child(); }

std::string_view DefaultSelector::name() const { return chosen_->name(); }

}  // namespace selectors

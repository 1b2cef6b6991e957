#include "selectors/base_selector_impl.h"

#include <string>
#include <utility>

#include "selectors/errors.h"
#include "selectors/kernel/describe.h"
#include "selectors/kernel/trace.h"

namespace selectors {
namespace {

// Returns the line of a call in the trace.
template <class... Arguments>
std::string described(const BaseSelector& selector, const char* function,
                      const Arguments&... arguments) {
  std::string line;
  append(line, selector.name(), ".", function, "(", arguments..., ")");
  return line;
}

}  // namespace

std::optional<OSError> BaseSelectorImpl::start(const FileObj& fileobj,
                                               EventMask events,
                                               std::any&& data) {
  Registration& registration =
      table_.create(fileobj, fileobj.fileno(), events, std::move(data));
  try {
    auto refusal = add(registration);
    if (refusal) {
      table_.destroy(registration);
    } else {
      table_.insert(registration);
    }
    return refusal;
  } catch (...) {
    table_.destroy(registration);
    throw;
  }
}

inline std::optional<OSError> BaseSelectorImpl::restart(Registration& old,
                                                        const FileObj& fileobj,
                                                        EventMask events,
                                                        std::any& data) {
  Registration& registration = updated(old, events, data);
  registration.fileobj = fileobj;
  table_.make_last(registration);
  try {
    auto refusal = renew(registration);
    if (refusal) discard(registration);
    return refusal;
  } catch (...) {
    discard(registration);
    throw;
  }
}

const SelectorKey& BaseSelectorImpl::register_(const FileObj& fileobj,
                                               EventMask events,
                                               std::any data) {
  const LibraryCall trace([&] {
    return described(*this, "register_", fileobj.repr(), ", ",
                     events_repr(events));
  });
  const SingleUser::Use use(user_);
  check_open();
  check_home();
  check_events(events);
  if (const Registration* other = table_.lookup(fileobj)) {
    throw KeyError(fileobj.repr() + " is already registered, as " +
                   other->fileobj.repr());
  }
  if (const auto refusal = start(fileobj, events, std::move(data))) {
    throw *refusal;
  }
  return *table_.find(fileobj.fileno());
}

SelectorKey BaseSelectorImpl::unregister(const FileObj& fileobj) {
  const LibraryCall trace(
      [&] { return described(*this, "unregister", fileobj.repr()); });
  const SingleUser::Use use(user_);
  SelectorKey key = take_key(registered(fileobj));
  // Looked up again, because the copy constructor of the data may do anything,
  // such as unregister the same file object.
  Registration& registration = registered(key.fd);
  remove(registration);
  discard(registration);
  return key;
}

const SelectorKey& BaseSelectorImpl::modify(const FileObj& fileobj,
                                            EventMask events, std::any data) {
  const LibraryCall trace([&] {
    return described(*this, "modify", fileobj.repr(), ", ",
                     events_repr(events));
  });
  const SingleUser::Use use(user_);
  Registration& old = registered(fileobj);
  check_events(events);
  check_home();
  const EventMask old_events = old.events;
  Registration& registration = updated(old, events, data);
  const bool rearms = (events & (EVENT_EDGE | EVENT_ONESHOT)) != 0;
  if (events == old_events && !rearms) return registration;
  try {
    change(registration, old_events);
  } catch (...) {
    discard(registration);
    throw;
  }
  return registration;
}

const SelectorKey& BaseSelectorImpl::reregister(const FileObj& fileobj,
                                                EventMask events,
                                                std::any data) {
  const LibraryCall trace([&] {
    return described(*this, "reregister", fileobj.repr(), ", ",
                     events_repr(events));
  });
  check_home();
  const SingleUser::Use use(user_);
  Registration& old = registered(fileobj);
  check_events(events);
  if (fileobj.fileno() < 0) [[unlikely]]
    return BaseSelector::reregister(fileobj, events, std::move(data));
  if (const auto refusal = restart(old, fileobj, events, data)) throw *refusal;
  return *table_.find(fileobj.fileno());
}

std::optional<OSError> BaseSelectorImpl::try_watch(const FileObj& fileobj,
                                                   EventMask events) {
  const LibraryCall trace([&] {
    return described(*this, "try_watch", fileobj.repr(), ", ",
                     events_repr(events));
  });
  check_open();
  check_home();
  if (fileobj.fileno() < 0) [[unlikely]]
    return BaseSelector::try_watch(fileobj, events);
  const SingleUser::Use use(user_);
  check_events(events);
  std::any data;
  Registration* const old = table_.lookup(fileobj);
  if (old != nullptr) return restart(*old, fileobj, events, data);
  try {
    return start(fileobj, events, std::move(data));
  } catch (const OSError& error) {  // A number beyond what can be open.
    return error;
  }
}

std::span<const ReadyKey> BaseSelectorImpl::select(WaitLimit timeout) {
  const LibraryCall trace(
      [&] { return described(*this, "select", timeout.repr()); });
  const SingleUser::Use use(user_);
  clear_batch();
  check_open();  // Data destroyed by clear_batch() may have closed it.
  check_home();
  const Deadline deadline(timeout);
  for (;;) {
    const bool uninterrupted = wait(timeout);
    if (!uninterrupted) run_interrupt_hook();
    if (!ready_.empty() || timeout.is_poll()) return ready_;
    timeout = deadline.remaining();
    if (timeout.is_poll()) return ready_;
  }
}

void BaseSelectorImpl::close() {
  const SingleUser::Use use(user_);
  if (closed_) return;
  const LibraryCall trace([&] { return described(*this, "close"); });
  closed_ = true;
  close_kernel_object();
  clear_batch();
  for (const SelectorKey& key : map_) {
    discard(*table_.find(key.fd));
  }
}

const SelectorKey& BaseSelectorImpl::get_key(const FileObj& fileobj) const {
  if (closed_) throw RuntimeError("Selector is closed");
  return map_[fileobj];
}

const SelectorMap* BaseSelectorImpl::get_map() const {
  return closed_ ? nullptr : &map_;
}

int BaseSelectorImpl::fileno() const {
  std::string what;
  append(what, name(), " has no descriptor of its own");
  throw ValueError(what);
}

void BaseSelectorImpl::set_interrupt_hook(std::function<void()> hook) {
  const SingleUser::Use use(user_);
  interrupt_hook_ = std::move(hook);
}

void BaseSelectorImpl::after_fork_in_child() {
  const LibraryCall trace(
      [&] { return described(*this, "after_fork_in_child"); });
  const SingleUser::Use use(user_);
  check_open();
  renew_after_fork();
  process_.move_here();
}

void BaseSelectorImpl::report_mixed(Registration& registration,
                                    EventMask events) {
  report(registration, events);
  if ((events & EVENT_ERROR) != 0 && in_batch(registration)) {
    ready_[registration.ready_index].events |= EVENT_ERROR;
  }
}

void BaseSelectorImpl::throw_invalid(EventMask events) const {
  std::string what = "Invalid events: " + events_repr(events);
  constexpr EventMask kOptional = EVENT_EDGE | EVENT_ONESHOT | EVENT_PRIORITY;
  if (const EventMask missing = events & ~supported_ & kOptional) {
    append(what, "; ", name(), " does not support ", events_repr(missing));
  } else if ((events & EVENT_ERROR) != 0) {
    what += "; EVENT_ERROR is reported without being asked for";
  } else {
    what += "; say EVENT_READ, EVENT_WRITE or both";
  }
  throw ValueError(what);
}

void BaseSelectorImpl::throw_not_registered(const FileObj& fileobj) {
  throw KeyError(fileobj.repr() + " is not registered");
}

void BaseSelectorImpl::throw_closed() {
  throw ValueError("I/O operation on closed selector");
}

void BaseSelectorImpl::check_unshared() const {
  if (!has_kernel_object()) return;
  std::string what;
  append(what, name(), " of the parent process: after fork(), call ",
         "after_fork_in_child() first");
  throw RuntimeError(what);
}

// Calls the hook, which may remove itself, call select(), or close the
// selector.
void BaseSelectorImpl::run_interrupt_hook() {
  if (!interrupt_hook_) return;
  const auto hook = interrupt_hook_;
  hook();
  clear_batch();
  check_open();
  check_home();
}

// Gives a key that is in the batch new events and data. A caller may still
// refer to that key, so that, as in Python, it is never changed but replaced.
Registration& BaseSelectorImpl::replaced(const Registration& registration,
                                         EventMask events, std::any& data) {
  Registration& copy = table_.create(registration.fileobj, registration.fd,
                                     events, std::move(data));
  copy.backend_data = registration.backend_data;
  copy.order = registration.order;
  table_.insert(copy);
  ++retired_;
  return copy;
}

// Takes a registration out of the table. If the registration is in the batch,
// its key is "retired": it stays readable until the next batch.
void BaseSelectorImpl::discard(Registration& registration) noexcept {
  table_.erase(registration);
  if (in_batch(registration)) {
    ++retired_;
  } else {
    table_.destroy(registration);
  }
}

// Destroys the retired keys, which are those in the batch that the table does
// not know. Each key leaves the batch first, because the destructor of its data
// may do anything, such as unregister the next key.
void BaseSelectorImpl::destroy_retired() noexcept {
  while (retired_ > 0) {
    // All keys of the batch are Registrations of this selector.
    auto& registration = const_cast<Registration&>(
        static_cast<const Registration&>(ready_.back().key));
    ready_.pop_back();
    if (table_.find(registration.fd) == &registration) continue;
    --retired_;
    table_.destroy(registration);
  }
}

}  // namespace selectors

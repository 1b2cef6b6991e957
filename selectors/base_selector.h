// `BaseSelector`: the contract of every selector.

#ifndef SELECTORS_BASE_SELECTOR_H_
#define SELECTORS_BASE_SELECTOR_H_

#include <any>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "selectors/errors.h"
#include "selectors/file_obj.h"
#include "selectors/selector_key.h"
#include "selectors/selector_map.h"
#include "selectors/wait_limit.h"

namespace selectors {

/// A selector: waits until registered file objects become readable or writable.
///
/// ```cpp
/// void serve(selectors::BaseSelector& selector, int listener) {
///   selector.register_(listener, selectors::EVENT_READ);
///   for (;;) {
///     for (const auto& [key, events] : selector.select()) {
///       accept_client(key.fd);
///     }
///   }
/// }
/// ```
///
/// Level-triggered: each select() reports a ready file object again until the
/// caller has dealt with it. A selector never owns, closes or dups a
/// descriptor.
///
/// One thread at a time may use a selector, not necessarily always the same
/// thread. Debug builds assert this in the functions that are not const.
///
/// Every function that takes a FileObj throws ValueError for a negative fd. For
/// an object without a descriptor, such as a closed file, it throws ValueError
/// only if that object is not registered.
///
/// Port of selectors.BaseSelector (CPython 3.15, Lib/selectors.py).
class BaseSelector {
 public:
  BaseSelector() = default;
  BaseSelector(const BaseSelector&) = delete;
  BaseSelector& operator=(const BaseSelector&) = delete;
  /// Destroys the selector. Implementations close() it here.
  virtual ~BaseSelector() = default;

  /// Starts watching `fileobj` for `events`. The key keeps `data` for the
  /// caller, untouched. The name ends in an underscore because `register` is a
  /// keyword of C++.
  ///
  /// Returns the key, valid until the registration changes or ends (modify(),
  /// reregister(), try_watch(), unregister(), close()); copy any part that must
  /// live longer.
  ///
  /// Throws ValueError (no, unknown or unsupported events, a closed selector),
  /// KeyError (already registered), OSError (refused by the kernel), and
  /// RuntimeError in a child of fork() before after_fork_in_child(). epoll
  /// refuses regular files with EPERM. Every backend refuses, with EBADF, a
  /// number that is not open and a descriptor that was opened with O_PATH.
  /// After a throw nothing has changed.
  ///
  /// Differs from Python: there, keys are immutable and outlive the
  /// registration; here, modify() changes the key. There, select and poll
  /// selectors register a closed number.
  virtual const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                                       std::any data = {}) = 0;

  /// Stops watching `fileobj` and returns its key. A descriptor that was closed
  /// in the meantime, or whose number has a new owner, is no error; the new
  /// owner is left alone.
  ///
  /// Throws KeyError if `fileobj` is not registered.
  virtual SelectorKey unregister(const FileObj& fileobj) = 0;

  /// Changes the events and the data of a registered file object, in at most
  /// one system call unless the kernel refuses. The key keeps the file object.
  /// Leaving `data` out clears the data, as in Python. modify() arms
  /// EVENT_ONESHOT again, and makes EVENT_EDGE report unread data again.
  ///
  /// Returns the new key, valid until the registration changes or ends
  /// (modify(), reregister(), try_watch(), unregister(), close()).
  ///
  /// Throws KeyError (not registered), ValueError (no, unknown or unsupported
  /// events), or RuntimeError (in a child of fork() before
  /// after_fork_in_child()); then nothing has changed. Throws OSError if the
  /// kernel refuses; then the file object is not registered any more.
  ///
  /// Differs from Python: there, poll and epoll selectors do not check
  /// `events`. The others leave the file object unregistered if `events` is
  /// wrong, and put the given file object into the key.
  virtual const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                                    std::any data = {}) = 0;

  /// Waits until a file object is ready or `timeout` has passed, and returns
  /// all ready file objects, once each. nullopt waits forever; zero or less
  /// polls. select() never returns an empty span before `timeout` has passed. A
  /// signal does not end the wait (PEP 475), unless the interrupt hook throws.
  ///
  /// Hang-ups and errors make a file object ready for all the events it is
  /// registered for, so that the next read or write meets them. (The exception
  /// is SelectSelector, where a hang-up alone makes a file object readable
  /// only.)
  ///
  /// The span and its keys stay as they are until the next select() or close():
  /// registering, modifying and unregistering while walking the span is safe.
  /// The caller skips keys that have been unregistered meanwhile. Nothing is
  /// allocated, unless more file objects are ready at once than ever before.
  ///
  /// Closing a registered descriptor is a mistake of the caller. SelectSelector
  /// throws an OSError (EBADF) that names the descriptor, poll and /dev/poll
  /// report the descriptor as ready, and epoll and kqueue forget it and report
  /// nothing.
  ///
  /// Throws OSError, ValueError (a closed selector), any exception of the
  /// interrupt hook, and RuntimeError in a child of fork() before
  /// after_fork_in_child().
  ///
  /// Differs from Python: there, each call returns a new list, and a kqueue may
  /// name a key twice in it. There, poll reports a closed descriptor without
  /// EVENT_ERROR.
  virtual std::span<const ReadyKey> select(
      WaitLimit timeout = std::nullopt) = 0;

  /// Forgets all registrations and closes the kernel's object. Closing twice is
  /// fine. After close(), register_(), try_watch(), select(), fileno() and
  /// after_fork_in_child() throw ValueError, and get_key() throws RuntimeError.
  /// The other functions find nothing registered.
  ///
  /// Differs from Python: there, select and poll selectors can be used again,
  /// and an epoll selector raises the error of a failing close(2).
  virtual void close() = 0;

  /// Returns the key of a registered file object, valid until the registration
  /// changes or ends (modify(), reregister(), try_watch(), unregister(),
  /// close()). Throws KeyError if `fileobj` is not registered, RuntimeError
  /// after close().
  virtual const SelectorKey& get_key(const FileObj& fileobj) const = 0;

  /// Returns a live view of the registered file objects; nullptr (Python's
  /// None) after close(). A view returned earlier is empty after close().
  virtual const SelectorMap* get_map() const = 0;

  /// Returns a descriptor for waiting for this selector: the kernel's object
  /// (kqueue, /dev/poll), or a second instance that watches it (epoll). The
  /// descriptor is readable as long as select() would return something. It can
  /// be registered with another selector (Solaris excepted).
  ///
  /// Throws ValueError where the backend has none (select, poll), and OSError.
  ///
  /// Differs from Python: there, select and poll selectors have no such method.
  /// There, epoll returns the instance that it waits with.
  virtual int fileno() const = 0;

  /// Sets a function to be called, in the waiting thread, whenever a signal
  /// interrupts the wait. select() throws what the hook throws; if the hook
  /// returns, the wait goes on. The hook may use the selector, and close it,
  /// but not destroy it. An empty function removes the hook.
  ///
  /// The hook replaces Python's signal handlers, which run, and raise, inside
  /// select(). A signal that arrives just before the wait begins does not
  /// interrupt it.
  virtual void set_interrupt_hook(std::function<void()> hook) = 0;

  /// Gives the child of a fork() a kernel object of its own (epoll, kqueue,
  /// /dev/poll), with the same registrations. Another selector that watches
  /// this one must register it again. Throws OSError, and ValueError after
  /// close().
  ///
  /// Until after_fork_in_child() is called, these backends share the parent's
  /// kernel object. In the child, register_(), modify(), reregister(),
  /// try_watch() and select() throw RuntimeError and change nothing;
  /// unregister(), close() and the destructor leave the kernel object alone.
  /// Selectors without a kernel object (select, poll) work in the child as they
  /// are. Children of vfork(), _Fork() and clone() are mistaken for the parent.
  ///
  /// Differs from Python: there, a child of fork() that uses an EpollSelector
  /// of its parent changes the parent's list, and a KqueueSelector does not
  /// work, as a child does not inherit a kqueue.
  virtual void after_fork_in_child() = 0;

  /// Returns Python's name of the class: "EpollSelector". DefaultSelector
  /// returns the name of the backend that it chose.
  virtual std::string_view name() const = 0;

  // ---- For event loops, beyond Python ----

  /// Unregisters `fileobj` and registers it again, with fewer system calls
  /// where the kernel allows. For callers that cannot know whether a number
  /// still means the file that was registered: the selector watches the file
  /// that the number means now, and reports no event of the earlier file.
  ///
  /// Returns the new key, valid until the registration changes or ends
  /// (modify(), reregister(), try_watch(), unregister(), close()).
  ///
  /// Throws KeyError if `fileobj` is not registered, and the errors of
  /// register_(), among them RuntimeError in a child of fork() before
  /// after_fork_in_child(). That RuntimeError and an error about `events`
  /// change nothing; after any other error of register_() `fileobj` is not
  /// registered any more. Beyond Python.
  virtual const SelectorKey& reregister(const FileObj& fileobj,
                                        EventMask events, std::any data = {}) {
    const FileObj copy = fileobj;  // `fileobj` may be that of the old key.
    unregister(copy);
    return register_(copy, events, std::move(data));
  }

  /// Watches `fileobj` for `events`, whether it is registered or not, and
  /// returns the kernel's refusal instead of throwing it. Calls reregister() or
  /// register_(), with no data. Returns nullopt on success; after a refusal
  /// `fileobj` is not registered.
  ///
  /// For callers to whom a refusal is ordinary: throwing and catching one takes
  /// as long as twenty system calls. Throws the errors of reregister() and
  /// register_() except OSError. Beyond Python.
  virtual std::optional<OSError> try_watch(const FileObj& fileobj,
                                           EventMask events) {
    try {
      if (get_map()->contains(fileobj)) {
        reregister(fileobj, events);
      } else {
        register_(fileobj, events);
      }
    } catch (const OSError& error) {
      return error;
    }
    return std::nullopt;
  }

  /// Returns whether a descriptor that is closed or no longer needed may stay
  /// registered for a while without harm (epoll). Two conditions hold then. The
  /// kernel itself stops watching a closed file (unless a dup() is open). And
  /// reregister() is cheaper than unregister() and register_(), so that a late
  /// unregister() may save system calls. Beyond Python.
  virtual bool forgets_closed() const { return false; }

  /// Returns whether fileno() has been called, so that another selector or
  /// another loop may be watching this selector. Beyond Python.
  virtual bool may_be_watched() const { return false; }
};

}  // namespace selectors

#endif  // SELECTORS_BASE_SELECTOR_H_

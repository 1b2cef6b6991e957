// The contract of every selector.

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

// Waits until registered file objects become readable or writable.
//
// Level-triggered: what is ready is reported by every select() until it is
// dealt with. Never owns, closes or dups a descriptor. Used by one thread at a
// time, which need not always be the same one (debug builds assert it, in the
// functions that are not const).
//
// Every function that takes a FileObj throws ValueError for a negative fd, and
// for an object without one that is not registered.
//
// Port of selectors.BaseSelector (CPython 3.15, Lib/selectors.py).
class BaseSelector {
 public:
  BaseSelector() = default;
  BaseSelector(const BaseSelector&) = delete;
  BaseSelector& operator=(const BaseSelector&) = delete;
  virtual ~BaseSelector() = default;  // Implementations close() here.

  /// Starts watching `fileobj` for `events`. select() hands `data` back
  /// untouched.
  /// Returns its key, valid until it is modified or unregistered; copy what
  /// must live longer. Throws ValueError (no or unknown events, a closed
  /// selector), KeyError (already registered), OSError (refused by the kernel;
  /// epoll refuses regular files with EPERM; every backend refuses with EBADF a
  /// number that is not open, and what can be named but not read: O_PATH). On a
  /// throw nothing has changed. Differs from Python: there, keys are immutable
  /// and live on; this one changes with modify(). And select and poll register
  /// a closed number.
  virtual const SelectorKey& register_(const FileObj& fileobj, EventMask events,
                                       std::any data = {}) = 0;

  // Stops watching. A descriptor that was closed in the meantime, or whose
  // number has a new owner, is no error; the new owner is left alone.
  // Returns the key it had. Throws KeyError if it is not registered.
  virtual SelectorKey unregister(const FileObj& fileobj) = 0;

  // Changes events and data of a registered file object, in at most one system
  // call; the key keeps the file object. Leaving `data` out clears it, as in
  // Python. Arms EVENT_ONESHOT again, and lets EVENT_EDGE report again what is
  // still there.
  // Returns the new key, valid as that of register_().
  // Throws KeyError if it is not registered, ValueError as register_(); then
  // nothing has changed. Throws OSError if the kernel refuses; then it is not
  // registered any more.
  // Differs from Python: there, poll and epoll selectors do not check `events`,
  // and the others leave it unregistered if they are wrong, and put the given
  // file object into the key.
  virtual const SelectorKey& modify(const FileObj& fileobj, EventMask events,
                                    std::any data = {}) = 0;

  // As unregister() and then register_(), with fewer system calls where the
  // kernel allows. For those who cannot know whether a number still means the
  // file that was registered: what it means now is watched, and no event of
  // what it meant before is reported.
  // Throws KeyError if it is not registered, and as register_(); then it is not
  // registered any more, unless it was the events that are wrong.
  // Beyond Python.
  virtual const SelectorKey& reregister(const FileObj& fileobj,
                                        EventMask events, std::any data = {}) {
    unregister(fileobj);
    return register_(fileobj, events, std::move(data));
  }

  /// Watches `fileobj` for `events`, whether it is registered or not: as
  /// reregister() or register_() do, but the kernel's refusal is returned
  /// instead of thrown, and then `fileobj` is not registered. For callers to
  /// whom a refusal is ordinary: to throw and catch one takes as long as twenty
  /// system calls.
  /// Throws what the two throw but OSError. Beyond Python.
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

  // Does the kernel itself stop watching what is closed (but for its dup()s),
  // and is reregister() cheaper than what it stands for? Then it does no harm,
  // and may pay, to leave registered for a while what nobody wants any more.
  // Beyond Python.
  virtual bool forgets_closed() const { return false; }

  /// Waits until a file object is ready or `timeout` has passed, and returns
  /// the ready ones, all of them, once each. nullopt waits forever, <= 0 only
  /// looks; otherwise never returns empty-handed before `timeout` has passed. A
  /// signal does not end the wait (PEP 475), unless the interrupt hook throws.
  /// Hang-ups and errors make a file object ready for whatever it waits for, so
  /// that the read or write that follows meets them (select: a hang-up alone is
  /// something to read).
  ///
  /// The span and the keys in it stay as they are until the next select() or
  /// close(): registering, modifying and unregistering while walking it is
  /// safe. A key in it that was unregistered meanwhile is the caller's to skip.
  /// Nothing is allocated, unless more became ready at once than ever before.
  ///
  /// A descriptor that is closed while it is registered is the caller's
  /// mistake: select throws OSError (EBADF), which names it, poll and /dev/poll
  /// report it as ready, and epoll and kqueue forget it and report nothing.
  ///
  /// Throws OSError, ValueError (a closed selector), and what the interrupt
  /// hook throws. Differs from Python: there, each call returns a new list, a
  /// kqueue may name a key twice in it, and poll reports what is closed as
  /// ready.
  virtual std::span<const ReadyKey> select(
      WaitLimit timeout = std::nullopt) = 0;

  // Forgets all registrations and gives the kernel's object back. Closing twice
  // is fine. Later, register_(), select(), fileno() and after_fork_in_child()
  // throw ValueError, get_key() RuntimeError, and the others find nothing
  // registered.
  // Differs from Python: there, select and poll selectors can be used again.
  virtual void close() = 0;

  // The key of a registered file object, valid as that of register_().
  // Throws KeyError if it is not registered, RuntimeError after close().
  virtual const SelectorKey& get_key(const FileObj& fileobj) const = 0;

  // The registered file objects; nullptr (Python's None) after close(). A map
  // that was taken before is then empty.
  virtual const SelectorMap* get_map() const = 0;

  /// The descriptor of the kernel's object (epoll, kqueue, /dev/poll). It is
  /// readable as long as select() would return something, and can be registered
  /// with another selector (Solaris excepted).
  /// Throws ValueError where the backend has none (select, poll), and OSError.
  /// Differs from Python: there, select and poll selectors have no such method,
  /// and epoll gives the instance that it waits with; here a second one, which
  /// watches that.
  virtual int fileno() const = 0;

  /// Returns whether fileno() was called, so that another selector or another
  /// loop may be watching this one. Beyond Python.
  virtual bool may_be_watched() const { return false; }

  // Called, on the thread that waits, whenever a signal interrupted the wait;
  // it may throw, and what it throws leaves select(). If it returns, the wait
  // goes on. It may use the selector, and close it, but not destroy it. It
  // takes the place of Python's signal handlers, which run, and raise, inside
  // select(); a signal that comes just before the wait begins does not
  // interrupt it. An empty function removes it.
  virtual void set_interrupt_hook(std::function<void()> hook) = 0;

  /// Gives the child of a fork() a kernel object of its own (epoll, kqueue,
  /// /dev/poll), with the same registrations; another selector that watches
  /// this one must register it again. Until then these backends share the
  /// parent's: register_(), modify(), reregister(), try_watch() and select()
  /// throw RuntimeError in the child and change nothing; unregister(), close()
  /// and the destructor leave the kernel object alone. Selectors without a
  /// kernel object (select, poll) work in the child as they are. Throws
  /// OSError.
  /// Children of vfork(), _Fork() and clone() are taken for the parent.
  /// Differs from Python: there, a child of fork() changes what its parent's
  /// EpollSelector watches, and has no kqueue.
  virtual void after_fork_in_child() = 0;

  // Python's name of the class: "EpollSelector". DefaultSelector tells the name
  // of its choice.
  virtual std::string_view name() const = 0;
};

}  // namespace selectors

#endif  // SELECTORS_BASE_SELECTOR_H_

// `LoopDescriptors`: the part of EventLoop that watches descriptors.

#ifndef LOOP_CALLBACKS_LOOP_DESCRIPTORS_H_
#define LOOP_CALLBACKS_LOOP_DESCRIPTORS_H_

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/descriptor_waiter.h"
#include "loop/callbacks/fd_handlers.h"
#include "loop/callbacks/handler_pool.h"
#include "loop/callbacks/loop_reports.h"
#include "loop/callbacks/source_location.h"
#include "selectors/base_selector.h"
#include "selectors/file_obj.h"

namespace loop {

/// A callback of a descriptor, which takes no argument or the events that the
/// selector reported. A callable that fits both ways gets no argument.
template <class F>
concept DescriptorCallback = std::convertible_to<F, Callback> ||
    (std::constructible_from<std::decay_t<F>, F>&& requires(
        std::decay_t<F>& callback) { callback(selectors::EventMask{}); });

/// The selector of a loop, and the handlers of its descriptors. A base class of
/// EventLoop, to be used through that class only.
/// Port of the add_reader() family of asyncio's BaseSelectorEventLoop (CPython
/// 3.15, Lib/asyncio/selector_events.py).
class LoopDescriptors : public LoopReports {
 public:
  /// Runs `callback` in each iteration in which `fileobj` can be read without
  /// blocking, or is at its end or broken.
  /// Replaces a reader that exists already; from then on the loop watches the
  /// file that the number means now, whatever file it meant before. Regular
  /// files, directories and /dev/null are always ready. Remove the handlers of
  /// a descriptor before closing it.
  ///
  /// Throws ValueError for an object without a descriptor. While the loop runs,
  /// in a callback or a task, throws OSError (EBADF) for a number that is not
  /// open. In both cases nothing has changed. The kernel is asked when a number
  /// gets its first handler and when a handler is replaced. The kernel is not
  /// asked if the number lost a handler in this iteration or the one before.
  /// Removing a reader and adding another thus costs no check; the selector is
  /// updated once, when the next iteration begins.
  ///
  /// Every other refusal is found when the next iteration begins: the handler
  /// is removed, and the exception handler gets the OSError and `where`.
  /// Differs from Python: there the kernel is asked at once and each refusal is
  /// thrown, and epoll refuses regular files.
  ///
  /// `callback` may take an argument, beyond Python: the EVENT_ bits that the
  /// selector reported of the descriptor. EVENT_ERROR among them tells an error
  /// or a hang-up from data.
  template <DescriptorCallback F>
  void add_reader(const selectors::FileObj& fileobj, F&& callback,
                  SourceLocation where = SourceLocation::current()) {
    check_usable("add_reader");
    add_handler(fileobj, FdHandlers::kReader, std::forward<F>(callback), where);
  }
  /// Runs `callback` in each iteration in which `fileobj` can be written to
  /// without blocking, or is broken.
  /// Replaces a writer that exists already. Throws, and reports later refusals
  /// of the kernel, under the conditions that add_reader() lists.
  /// `callback` may take the reported events as an argument.
  template <DescriptorCallback F>
  void add_writer(const selectors::FileObj& fileobj, F&& callback,
                  SourceLocation where = SourceLocation::current()) {
    check_usable("add_writer");
    add_handler(fileobj, FdHandlers::kWriter, std::forward<F>(callback), where);
  }
  /// Runs `callback` in each iteration in which `fileobj` has something urgent
  /// (selectors::EVENT_PRIORITY), before the reader and the writer of the
  /// descriptor. As for them, a hang-up or an error counts as ready, except
  /// with SelectSelector. Replaces a priority reader that exists already.
  /// `callback` may take the reported events as an argument. A selector that
  /// does not support the event (KqueueSelector) refuses the descriptor when
  /// the next iteration begins: all its handlers are removed, and the exception
  /// handler gets the ValueError. Throws, and reports other refusals, under the
  /// conditions that add_reader() lists. Beyond Python.
  template <DescriptorCallback F>
  void add_priority_reader(const selectors::FileObj& fileobj, F&& callback,
                           SourceLocation where = SourceLocation::current()) {
    check_usable("add_priority_reader");
    add_handler(fileobj, FdHandlers::kPriorityReader, std::forward<F>(callback),
                where);
  }

  /// Removes the reader of `fileobj`, which does not run any more, even if the
  /// descriptor is ready.
  /// Returns false if there was no reader, or if there is no descriptor (-1, or
  /// an object that was closed and has no handler). A destructor may therefore
  /// call this function.
  /// Differs from Python: there an object without a descriptor raises
  /// ValueError.
  bool remove_reader(const selectors::FileObj& fileobj) {
    return remove_handler(fileobj, FdHandlers::kReader, "remove_reader");
  }
  /// Removes the writer of `fileobj`, which does not run any more, even if the
  /// descriptor is ready.
  /// Returns false if there was no writer, or if there is no descriptor (-1, or
  /// an object that was closed and has no handler). A destructor may therefore
  /// call this function.
  /// Differs from Python: there an object without a descriptor raises
  /// ValueError.
  bool remove_writer(const selectors::FileObj& fileobj) {
    return remove_handler(fileobj, FdHandlers::kWriter, "remove_writer");
  }
  /// Removes the priority reader of `fileobj`, which does not run any more.
  /// Returns false if there was none, or if there is no descriptor.
  bool remove_priority_reader(const selectors::FileObj& fileobj) {
    return remove_handler(fileobj, FdHandlers::kPriorityReader,
                          "remove_priority_reader");
  }

  /// Makes `waiter` wait for one side of `fd`, until end_wait(). For awaiters.
  /// Throws RuntimeError if that side has a handler or another waiter that is
  /// not idle, and the errors of add_reader().
  void wait(int fd, FdHandlers::Side side, DescriptorWaiter& waiter,
            const SourceLocation& where) {
    check_usable("wait");
    fds_.wait(fd, side, waiter, where);
  }
  /// Ends a wait that has not failed. If `keep` is true, the descriptor stays
  /// watched until the next wait, and end_waits() must be called before it is
  /// closed. For awaiters.
  void end_wait(int fd, FdHandlers::Side side, bool keep) {
    fds_.end_wait(fd, side, keep);
  }
  /// Ends all waits for a descriptor that is about to be closed: tasks that
  /// still wait get OSError (EBADF). For owners of descriptors.
  void end_waits(int fd) {
    fds_.end_waits(fd);
    if (rests_) mailbox_->wake_watcher();
  }

 protected:
  // Makes the part of `loop` that waits with `selector`.
  LoopDescriptors(EventLoop& loop,
                  std::unique_ptr<selectors::BaseSelector> selector)
      : LoopReports(loop),
        selector_(std::move(selector)),
        fds_(*selector_, pool_) {}

  const std::unique_ptr<selectors::BaseSelector> selector_;
  HandlerPool pool_;
  FdHandlers fds_;

 private:
  template <class F>
  void add_handler(const selectors::FileObj& fileobj, FdHandlers::Side side,
                   F&& callback, const SourceLocation& where) {
    if constexpr (std::convertible_to<F, Callback>) {
      fds_.add(fileobj, side, std::forward<F>(callback), where);
    } else {
      fds_.add_with_events(fileobj, side, std::forward<F>(callback), where);
    }
  }
  bool remove_handler(const selectors::FileObj& fileobj, FdHandlers::Side side,
                      const char* function) {
    check_thread(function);
    const bool removed = fds_.remove(fileobj, side);
    if (rests_ && fds_.has_failed()) mailbox_->wake_watcher();
    return removed;
  }
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_LOOP_DESCRIPTORS_H_

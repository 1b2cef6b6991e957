// Which callback belongs to which descriptor, and what the selector has to be
// told of it.

#ifndef LOOP_CALLBACKS_FD_HANDLERS_H_
#define LOOP_CALLBACKS_FD_HANDLERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "loop/callbacks/callback.h"
#include "loop/callbacks/handler_pool.h"
#include "selectors/base_selector.h"
#include "selectors/file_obj.h"
#include "selectors/selector_key.h"

namespace loop {

// Readers and writers by descriptor number, in an array, as numbers are small.
//
// The selector is not told of each change but of what is left of them when the
// loop is about to wait: who adds a reader, adds a writer and removes both has
// asked the kernel nothing. With one exception. Between the removal of a
// descriptor's last handler and the next addition the program may have closed
// it and got its number again for another file. That is another registration,
// and so the selector is told to forget the old one and to watch the new one.
//
// What lost its last handler is likely to get another soon: who waits for one
// message after the other adds and removes a reader for each. To take a
// descriptor out of the kernel's list and to put it in again is the dearest
// that there is, and to put it in anew where it stands costs a third of that.
// So if the selector has a way to do so (epoll), it is told to forget what
// nobody wants not at once but
//   - when nobody has wanted it until the next iteration,
//   - before the loop sleeps, which it does only when there is nobody left who
//     could want it, and which nothing unwanted shall disturb,
//   - if the kernel says that it is ready, which it would say ever again.
class FdHandlers {
 public:
  // Which of the two handlers of a descriptor.
  enum Side : std::size_t { kReader, kWriter };

  // A handler that could not be registered with the selector, and is removed.
  struct Refused {
    int fd;
    Side side;
    SourceLocation where;
    std::exception_ptr error;
  };

  // Both must outlive it.
  FdHandlers(selectors::BaseSelector& selector, HandlerPool& pool)
      : selector_(selector),
        pool_(pool),
        lets_go_slowly_(selector.forgets_closed()) {}

  // Puts the callback in the place of what is there. Throws ValueError for an
  // object without a descriptor, OSError (EBADF) for a number so high that it
  // must be a mistake.
  template <class F>
  void add(const selectors::FileObj& fileobj, Side side, F&& callback,
           const SourceLocation& where) {
    Watch& watch = prepare(fileobj);
    Handler& handler = pool_.add(std::forward<F>(callback), where);
    Handler* const old = std::exchange(watch.handlers[side], &handler);
    if (old == nullptr) {
      ++size_;
    } else {
      pool_.remove(old);  // Last, as its destructor may do anything.
    }
  }

  // Returns false if there is nothing to remove. An object that was closed is
  // found by its identity. Throws ValueError for one that is unknown.
  bool remove(const selectors::FileObj& fileobj, Side side);

  // Removes all, and tells report(where) of each.
  template <class Report>
  void remove_all(Report report) {
    // By index, as what is destroyed may remove others.
    for (std::size_t i = 0; i < by_fd_.size(); ++i) {
      for (const Side side : {kReader, kWriter}) {
        Handler* const handler = take(by_fd_[i], side);
        if (handler == nullptr) continue;
        report(handler->scheduled.where);
        pool_.remove(handler);
      }
    }
  }

  // Is there any handler?
  bool empty() const { return size_ == 0; }

  // May tell_selector() have something to tell?
  bool has_changed() const { return has_changed_; }

  // Is there something that the selector can be told to forget?
  bool has_unwanted() const { return !unwanted_.empty(); }

  // Is there something that is always ready, so that nobody need wait? Known
  // after tell_selector().
  bool has_always_ready() const { return !always_ready_.empty(); }

  // Tells the selector what has changed, and report(refused) of what it would
  // not take, a vector that may be empty. Throws what report() does, and
  // std::bad_alloc; then nothing is forgotten, and the rest told the next time.
  template <class Report>
  void tell_selector(Report report) {
    tell_changes();
    report(refused_);
    refused_.clear();
    has_changed_ = has_unwanted();
  }

  // Tells the selector, at once, to forget what lost its last handler.
  void forget_unwanted();
  // The same of one number, if it is such.
  void forget(int fd);

  // Calls run(handler) for each handler that `batch` says is ready, and for
  // those that always are, if it is still there when its turn comes.
  template <class Run>
  void run_ready(std::span<const selectors::ReadyKey> batch, Run run) {
    for (const auto& [key, events] : batch) run_one(key.fd, events, run);
    // Changed by tell_selector() only, so not by what runs here.
    for (const int fd : always_ready_) {
      run_one(fd, selectors::EVENT_READ | selectors::EVENT_WRITE, run);
    }
  }

 private:
  static constexpr int kNone = -1;

  // What is known of one descriptor.
  struct Watch {
    std::array<Handler*, 2> handlers{};
    const void* identity = nullptr;  // Of the object that it was given as.
    std::uint8_t registered = 0;     // What the selector watches it for.
    bool changed = false;            // Is it in the queue of the changed?
    bool abandoned = false;  // Has it been without handlers since registered?
    bool always_ready = false;  // Does the selector refuse it for that?
    int next_changed = kNone;   // The number behind it in that queue.

    selectors::EventMask wanted() const {
      return (handlers[kReader] != nullptr ? selectors::EVENT_READ : 0) |
             (handlers[kWriter] != nullptr ? selectors::EVENT_WRITE : 0);
    }
  };

  template <class Run>
  void run_one(int fd, selectors::EventMask events, Run run) {
    if ((events & selectors::EVENT_READ) != 0) run_side(fd, kReader, run);
    if ((events & selectors::EVENT_WRITE) != 0) run_side(fd, kWriter, run);
  }
  template <class Run>
  void run_side(int fd, Side side, Run run) {
    if (!has_room_for(fd)) return;
    Handler* const handler = watch_of(fd).handlers[side];
    if (handler == nullptr) return forget(fd);
    if (pool_.runs_in_this_turn(*handler)) run(*handler);
  }

  // Out of its place; nullptr if there is none.
  Handler* take(Watch& watch, Side side) {
    Handler* const handler = std::exchange(watch.handlers[side], nullptr);
    if (handler != nullptr) --size_;
    return handler;
  }

  // For a handler that is about to be added. Throws before anything has changed
  // but that the selector may be asked for nothing.
  Watch& prepare(const selectors::FileObj& fileobj) {
    const int fd = fileobj.fileno();
    if (!has_room_for(fd)) [[unlikely]]
      make_room_for(fileobj);
    Watch& watch = watch_of(fd);
    note_change(watch, fd);
    // Given as an object for one side, and as its number for the other.
    if (fileobj.identity() != nullptr || watch.wanted() == 0) {
      watch.identity = fileobj.identity();
    }
    return watch;
  }
  // The queue's links stand in the watches: so to join it takes no memory, for
  // want of which remove() would fail.
  void note_change(Watch& watch, int fd) {
    if (watch.changed) return;
    watch.changed = true;
    has_changed_ = true;
    watch.next_changed = kNone;
    if (first_changed_ == kNone) {
      first_changed_ = fd;
    } else {
      watch_of(last_changed_).next_changed = fd;
    }
    last_changed_ = fd;
  }

  bool has_room_for(int fd) const {  // A negative one is a huge index.
    return static_cast<std::size_t>(fd) < by_fd_.size();
  }
  Watch& watch_of(int fd) { return by_fd_[static_cast<std::size_t>(fd)]; }
  int find_by_identity(const selectors::FileObj& fileobj) const;
  void make_room_for(const selectors::FileObj& fileobj);
  void tell_changes();
  void update(int fd);
  void start_watching(int fd, selectors::EventMask events);
  void let_go(int fd);
  void stop_watching(int fd);
  void refuse(int fd);

  selectors::BaseSelector& selector_;
  HandlerPool& pool_;
  std::vector<Watch> by_fd_;
  const bool lets_go_slowly_;
  bool has_changed_ = false;
  int first_changed_ = kNone;
  int last_changed_ = kNone;
  std::vector<int> unwanted_;
  std::vector<int> always_ready_;
  std::vector<Refused> refused_;  // And nobody has been told yet.
  std::size_t size_ = 0;          // Of handlers.
};

}  // namespace loop

#endif  // LOOP_CALLBACKS_FD_HANDLERS_H_

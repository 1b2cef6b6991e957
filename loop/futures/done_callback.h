// Who waits for a future.

#ifndef LOOP_FUTURES_DONE_CALLBACK_H_
#define LOOP_FUTURES_DONE_CALLBACK_H_

#include <cassert>
#include <cstdint>
#include <memory>

namespace loop {

class FutureState;

// A place in a ring of links, which the list is a part of: so one can leave it
// without knowing whose it is.
class DoneCallbackLink {
 protected:
  friend class DoneCallbackList;

  DoneCallbackLink() = default;
  DoneCallbackLink(const DoneCallbackLink&) = delete;
  DoneCallbackLink& operator=(const DoneCallbackLink&) = delete;
  ~DoneCallbackLink() { unlink(); }

  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = nullptr;
  }

 private:
  DoneCallbackLink* previous_ = nullptr;
  DoneCallbackLink* next_ = nullptr;  // nullptr: it is in no ring.
};

// Waits in a future's list. It stands where it was made, in a coroutine's frame
// for instance, so that waiting allocates nothing; its destructor takes it out
// of the list.
class DoneCallback : public DoneCallbackLink {
 public:
  virtual ~DoneCallback() = default;

  // The future is done, and this is not in its list any more. It may destroy
  // this, but should leave the rest to a callback that it schedules: who makes
  // a future done does not expect to be called before that returns.
  virtual void on_done(FutureState& future) = 0;

  // The future goes without having been done; this is not in its list any more.
  virtual void on_gone() {}

  // What a function of Future returned for it, if that made it; else 0.
  std::uint64_t id = 0;
};

// Calls a function, soon after the future is done. Owns itself once it is in
// the list.
class FunctionCallback : public DoneCallback {
 public:
  void on_done(FutureState& future) override;
  void on_gone() override { delete this; }
  virtual void operator()(FutureState& future) = 0;
};

// In the order in which they were added.
class DoneCallbackList {
 public:
  DoneCallbackList() { ring_.previous_ = ring_.next_ = &ring_; }
  DoneCallbackList(const DoneCallbackList&) = delete;
  DoneCallbackList& operator=(const DoneCallbackList&) = delete;
  ~DoneCallbackList() { assert(empty()); }

  bool empty() const { return ring_.next_ == &ring_; }

  void push_back(DoneCallback& callback) {
    assert(callback.next_ == nullptr);
    callback.previous_ = ring_.previous_;
    callback.next_ = &ring_;
    ring_.previous_->next_ = &callback;
    ring_.previous_ = &callback;
  }

  // The list must not be empty.
  DoneCallback& pop_front() {
    DoneCallback& first = at(ring_.next_);
    first.unlink();
    return first;
  }

  // Takes out the one with this id; nullptr if there is none.
  DoneCallback* take(std::uint64_t id) {
    for (DoneCallbackLink* link = ring_.next_; link != &ring_;
         link = link->next_) {
      if (at(link).id != id) continue;
      link->unlink();
      return &at(link);
    }
    return nullptr;
  }

 private:
  static DoneCallback& at(DoneCallbackLink* link) {
    return static_cast<DoneCallback&>(*link);
  }

  struct Ring : DoneCallbackLink {};
  Ring ring_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_DONE_CALLBACK_H_

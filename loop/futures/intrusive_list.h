// A list whose members stand where they were made, in the frame of a coroutine
// for instance, so that entering it allocates nothing.

#ifndef LOOP_FUTURES_INTRUSIVE_LIST_H_
#define LOOP_FUTURES_INTRUSIVE_LIST_H_

#include <cassert>
#include <utility>

namespace loop {

template <class T>
class Ring;

// A place in a ring of links, which the list is a part of: so one can leave it
// without knowing whose it is, and does when it is destroyed. One that is moved
// leaves its place to the new one.
class RingLink {
 public:
  RingLink() = default;
  RingLink(RingLink&& other) noexcept {
    if (!other.is_linked()) return;
    link_between(other.previous_, other.next_);
    other.next_ = nullptr;
  }
  RingLink& operator=(RingLink&&) = delete;
  ~RingLink() { unlink(); }

  bool is_linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = nullptr;
  }

 private:
  template <class T>
  friend class Ring;

  void link_between(RingLink* previous, RingLink* next) {
    previous_ = previous;
    next_ = next;
    previous->next_ = next->previous_ = this;
  }

  RingLink* previous_ = nullptr;
  RingLink* next_ = nullptr;  // nullptr: it is in no ring.
};

// In the order in which they entered. Does not own them; must be empty in the
// end. T is derived from RingLink.
template <class T>
class Ring {
 public:
  Ring() { ring_.link_between(&ring_, &ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { assert(empty()); }

  bool empty() const { return ring_.next_ == &ring_; }

  // It must not be in a list.
  void push_back(T& member) {
    RingLink& link = member;
    assert(!link.is_linked());
    link.link_between(ring_.previous_, &ring_);
  }

  // The list must not be empty.
  T& front() const { return at(ring_.next_); }
  T& back() const { return at(ring_.previous_); }
  T& pop_front() {
    T& first = front();
    static_cast<RingLink&>(first).unlink();
    return first;
  }

  // Calls f(member) for each.
  template <class F>
  void for_each(F f) const {
    for (RingLink* link = ring_.next_; link != &ring_; link = link->next_) {
      f(at(link));
    }
  }

 private:
  static T& at(RingLink* link) { return static_cast<T&>(*link); }

  RingLink ring_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_INTRUSIVE_LIST_H_

// A list whose members stand where they were made, in the frame of a coroutine
// for instance, so that entering it allocates nothing.

#ifndef LOOP_FUTURES_INTRUSIVE_LIST_H_
#define LOOP_FUTURES_INTRUSIVE_LIST_H_

#include <cassert>
#include <utility>

namespace loop {

template <class T>
class IntrusiveList;

// A place in a ring of links, which the list is a part of: so one can leave it
// without knowing whose it is, and does when it is destroyed. One that is moved
// leaves its place to the new one.
class ListLink {
 public:
  ListLink() = default;
  ListLink(ListLink&& other) noexcept {
    if (!other.is_linked()) return;
    link_between(other.previous_, other.next_);
    other.next_ = nullptr;
  }
  ListLink& operator=(ListLink&&) = delete;
  ~ListLink() { unlink(); }

  bool is_linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;

  void link_between(ListLink* previous, ListLink* next) {
    previous_ = previous;
    next_ = next;
    previous->next_ = next->previous_ = this;
  }

  ListLink* previous_ = nullptr;
  ListLink* next_ = nullptr;  // nullptr: it is in no ring.
};

// In the order in which they entered. Does not own them; must be empty in the
// end. T is derived from ListLink.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.link_between(&head_, &head_); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() { assert(empty()); }

  bool empty() const { return head_.next_ == &head_; }

  // It must not be in a list.
  void push_back(T& member) {
    ListLink& link = member;
    assert(!link.is_linked());
    link.link_between(head_.previous_, &head_);
  }

  // The list must not be empty.
  T& front() const { return at(head_.next_); }
  T& back() const { return at(head_.previous_); }
  T& pop_front() {
    T& first = front();
    static_cast<ListLink&>(first).unlink();
    return first;
  }

  // Calls f(member) for each.
  template <class F>
  void for_each(F f) const {
    for (ListLink* link = head_.next_; link != &head_; link = link->next_) {
      f(at(link));
    }
  }

 private:
  static T& at(ListLink* link) { return static_cast<T&>(*link); }

  ListLink head_;
};

}  // namespace loop

#endif  // LOOP_FUTURES_INTRUSIVE_LIST_H_

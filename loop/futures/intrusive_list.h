// `IntrusiveList`: a list whose members live in their owners, in the frame of a
// coroutine for example, so that adding a member allocates nothing.

#ifndef LOOP_FUTURES_INTRUSIVE_LIST_H_
#define LOOP_FUTURES_INTRUSIVE_LIST_H_

#include <cassert>
#include <utility>

namespace loop {

template <class T>
class IntrusiveList;

// A link of a list, the base class of its members. The links of a list form a
// ring, so a link can leave without knowing its list; the destructor does so. A
// link that is moved gives its position to the new one.
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
  ListLink* next_ = nullptr;  // nullptr: the link is in no ring.
};

// A list in the order of insertion. Does not own its members, and must be empty
// when destroyed. T is derived from ListLink.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.link_between(&head_, &head_); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() { assert(empty()); }

  bool empty() const { return head_.next_ == &head_; }

  // Adds a member, which must not be in a list.
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

// `TimerNode`: an element of an intrusive list or of a pairing heap.

#ifndef TIMERS_DETAIL_TIMER_NODE_H_
#define TIMERS_DETAIL_TIMER_NODE_H_

#include <cstdint>
#include <utility>

namespace timers {

/// A node of a list or of a heap, which consists of links between nodes. Both
/// begin at an anchor: a node that is no timer. The children of an anchor are
/// the elements of the list, or the root of the heap. Removing a node therefore
/// does not require its anchor, and no function here needs memory.
struct TimerNode {
  std::int64_t deadline = 0;
  std::uint64_t number = 0;  // Grows with each schedule() and reschedule().
  TimerNode* child = nullptr;
  TimerNode* next = nullptr;      // The sibling after this one.
  TimerNode* previous = nullptr;  // The sibling before, or the first's parent.
};

/// Returns whether `a` fires before `b`.
inline bool operator<(const TimerNode& a, const TimerNode& b) {
  if (a.deadline == b.deadline) return a.number < b.number;
  return a.deadline < b.deadline;
}

/// Makes `node` the first child of `parent`, that is, the front of a list.
inline void push_child(TimerNode& parent, TimerNode& node) {
  node.next = std::exchange(parent.child, &node);
  node.previous = &parent;
  if (node.next != nullptr) node.next->previous = &node;
}

/// Adds `node` to a list behind `last`, which is the last element, or the
/// anchor of an empty list.
inline void append(TimerNode& anchor, TimerNode& last, TimerNode& node) {
  (&last == &anchor ? anchor.child : last.next) = &node;
  node.next = nullptr;
  node.previous = &last;
}

/// Makes the later of two heaps a child of the earlier heap, and returns the
/// earlier heap.
inline TimerNode* meld(TimerNode* a, TimerNode* b) {
  if (*b < *a) std::swap(a, b);
  push_child(*a, *b);
  return a;
}

/// Makes one heap of siblings: melds pairs from the first to the last, and then
/// all pairs from the last to the first. Returns nullptr if there is none.
inline TimerNode* meld_all(TimerNode* first) {
  TimerNode* pairs = nullptr;
  while (first != nullptr) {
    TimerNode* pair = std::exchange(first, first->next);
    if (first != nullptr) {
      TimerNode* const second = std::exchange(first, first->next);
      pair = meld(pair, second);
    }
    pair->next = std::exchange(pairs, pair);
  }
  TimerNode* root = nullptr;
  while (pairs != nullptr) {
    TimerNode* const pair = std::exchange(pairs, pairs->next);
    root = root == nullptr ? pair : meld(root, pair);
  }
  return root;
}

/// Adds `node`, which has no children, to the heap of `anchor`.
inline void push_heap(TimerNode& anchor, TimerNode& node) {
  TimerNode* const root = std::exchange(anchor.child, nullptr);
  push_child(anchor, root == nullptr ? node : *meld(root, &node));
}

/// Takes `node` out of its list or heap. Its children, melded, take its place.
inline void remove(TimerNode& node) {
  TimerNode* const heir = meld_all(std::exchange(node.child, nullptr));
  TimerNode& before = *node.previous;
  TimerNode* after = node.next;
  if (heir != nullptr) {
    heir->previous = &before;
    heir->next = after;
    if (after != nullptr) after->previous = heir;
    after = heir;
  } else if (after != nullptr) {
    after->previous = &before;
  }
  (before.child == &node ? before.child : before.next) = after;
}

/// Empties a list, and then calls f(TimerNode&) for each former element. f may
/// add the node elsewhere.
template <class F>
void take_each(TimerNode& anchor, F f) {
  TimerNode* node = std::exchange(anchor.child, nullptr);
  while (node != nullptr) f(*std::exchange(node, node->next));
}

}  // namespace timers

#endif  // TIMERS_DETAIL_TIMER_NODE_H_

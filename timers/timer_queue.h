// The contract of every timer queue.

#ifndef TIMERS_TIMER_QUEUE_H_
#define TIMERS_TIMER_QUEUE_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace timers {

// Names one timer of one queue, for ever: no other timer of that queue gets the
// same, so that an id which is kept for too long does no harm. A default one
// names none.
class TimerId {
 public:
  constexpr TimerId() = default;
  friend constexpr bool operator==(const TimerId&, const TimerId&) = default;

 private:
  template <class Value>
  friend class TimerRecords;

  constexpr TimerId(std::uint64_t ticket, std::uint32_t index)
      : ticket_(ticket), index_(index) {}

  std::uint64_t ticket_ = 0;
  std::uint32_t index_ = 0;
};

// Keeps values until their deadlines pass.
//
// A pure data structure: it reads no clock and makes no system call. A deadline
// is a number of nanoseconds since whatever moment the caller's clock counts
// from; all of them are fine, nanoseconds::min() and max() included. Used by
// one thread at a time.
//
//   TimerId schedule(nanoseconds deadline, args...)
//     Keeps a value until `deadline`, which may be past; it is made of `args`,
//     in its place.
//     If there is no memory, throws std::bad_alloc, and nothing has changed;
//     nor has it if making the value throws.
//
//   bool cancel(TimerId id)
//     Destroys the value; it never fires. Returns false, and does nothing, if
//     that timer has fired, was cancelled before, or is unknown.
//
//   std::optional<nanoseconds> next_deadline()
//     The earliest deadline of all; nullopt if there is no timer. Exact: who
//     sleeps until then wakes neither late nor for nothing. Not const, as a
//     queue may put in order what it was too lazy to before.
//
//   void collect_due(nanoseconds now)
//     Settles which timers are due: those whose deadline is not after `now`.
//     Never early, not by a nanosecond; `now` may stand still or go back. They
//     stay pending until they fire. What an earlier call has collected, and
//     has not fired yet, is settled anew.
//
//   std::size_t fire_due(F f)
//     Calls f(Value&&) for each timer that was collected and has not been
//     cancelled since, and returns how many. The order is that of the
//     deadlines, and of scheduling where they are equal.
//
//   std::size_t pop_due(nanoseconds now, F f)
//     collect_due(now), then fire_due(f). Who has something to do between the
//     two, as an event loop has, calls them one by one.
//
//   std::size_t size(), bool empty()
//     Of timers that have neither fired nor been cancelled.
//
// Promises:
//   - f, and the destructor of a value, may call any of these functions. What
//     is scheduled after collect_due() waits for the next one, however early
//     its deadline, so that a timer which schedules itself anew cannot keep the
//     caller for ever. What is cancelled does not fire, even if it was
//     collected. A pop_due() that f calls fires the rest as well, and the outer
//     one finds nothing left.
//   - What f throws leaves fire_due(). That timer has fired; those after it
//     fire in the next fire_due(), or pop_due().
//   - The memory of timers that fired or were cancelled is used again, and
//     while the number of pending ones stays about the same, nothing is
//     allocated. If for a thousand collect_due() they needed less than an
//     eighth of what is held, the surplus is given back.
//   - next_deadline() and collect_due() may need memory to put timers in order.
//     They throw std::bad_alloc if there is none. Nothing is lost then: they
//     can be called again. Those of TimerHeap and SortedTimerList need none.
//   - Destroying the queue destroys the values that are left.
//
// A Value can be moved, which does not throw, and need not be copied.
template <class Queue, class Value>
concept TimerQueue = std::default_initializable<Queue> &&
    requires(Queue queue, const Queue& same, std::chrono::nanoseconds time,
             Value value, TimerId id, void (*f)(Value&&)) {
  { queue.schedule(time, std::move(value)) } -> std::same_as<TimerId>;
  { queue.cancel(id) } -> std::same_as<bool>;
  {
    queue.next_deadline()
    } -> std::same_as<std::optional<std::chrono::nanoseconds>>;
  { queue.collect_due(time) } -> std::same_as<void>;
  { queue.fire_due(f) } -> std::same_as<std::size_t>;
  { queue.pop_due(time, f) } -> std::same_as<std::size_t>;
  { same.size() } -> std::same_as<std::size_t>;
  { same.empty() } -> std::same_as<bool>;
};

}  // namespace timers

#endif  // TIMERS_TIMER_QUEUE_H_

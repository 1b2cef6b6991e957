// `TimerQueue`: the contract of every timer queue, as a concept.

#ifndef TIMERS_TIMER_QUEUE_H_
#define TIMERS_TIMER_QUEUE_H_

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace timers {

/// The id of one timer of one queue. No other timer of that queue ever gets the
/// same id, so a stale id does no harm. `TimerId()` names no timer.
enum class TimerId : std::uint64_t {};

/// A structure that keeps values until their deadlines pass.
///
/// ```cpp
/// template <timers::TimerQueue<std::function<void()>> Queue>
/// void run_due(Queue& queue, std::chrono::nanoseconds now) {
///   queue.pop_due(now, [](std::function<void()>&& f) { f(); });
/// }
/// ```
///
/// A timer queue reads no clock and makes no system call. A deadline is a
/// number of nanoseconds since the epoch of the caller's clock. Every number is
/// allowed, nanoseconds::min() and max() included. A queue is used by one
/// thread at a time.
///
///   TimerId schedule(nanoseconds deadline, args...)
///     Keeps a value until `deadline`, which may be past. The value is
///     constructed in place from `args`. Throws std::bad_alloc when out of
///     memory, or the exception of the value's constructor; then nothing has
///     changed.
///
///   bool cancel(TimerId id)
///     Destroys the value; the timer never fires. Returns false, and does
///     nothing, if the timer has fired, was cancelled before, or is unknown.
///
///   bool reschedule(TimerId id, nanoseconds deadline)
///     Gives a pending timer another deadline. The timer keeps its id and its
///     value, and counts as scheduled now. Among equal deadlines the timer
///     therefore fires last, and a timer that was collected already waits for
///     the next collect_due(). Returns false, and does nothing, if the timer is
///     not pending. Throws std::bad_alloc when out of memory; then nothing has
///     changed.
///
///   std::optional<nanoseconds> next_deadline()
///     Returns the earliest deadline, exactly; nullopt if there is no timer.
///     The function is not const, because a queue may sort its timers only when
///     it has to.
///
///   void collect_due(nanoseconds now)
///     Collects the due timers: those whose deadline is not after `now`. No
///     timer is early, not by a nanosecond; `now` may stand still or go back.
///     The timers stay pending until they fire. Timers that an earlier call has
///     collected and that have not fired yet are decided on again.
///
///   std::size_t fire_due(F f)
///     Calls f(Value&&) for each timer that was collected and has not been
///     cancelled or rescheduled since, and returns their number. The timers
///     fire in the order of their deadlines, and where these are equal in the
///     order of scheduling. The value is destroyed when f returns or throws.
///
///   std::size_t pop_due(nanoseconds now, F f)
///     Calls collect_due(now), then fire_due(f). A caller that has something to
///     do between the two, such as an event loop, calls them one by one.
///
///   std::size_t size(), bool empty()
///     Count the timers that have neither fired nor been cancelled.
///
/// Promises:
///   - f, and the constructors and destructor of a value, may call any of these
///     functions.
///   - A timer that is scheduled after collect_due() waits for the next
///     collect_due(), however early its deadline. A timer that schedules itself
///     again therefore cannot keep the caller forever.
///   - A cancelled timer does not fire, even if the timer was collected.
///   - A pop_due() that f calls fires the remaining timers, and the outer
///     pop_due() finds nothing left.
///   - An exception of f propagates out of fire_due(). That timer has fired.
///     The timers after it fire in the next fire_due() or pop_due().
///   - The memory of timers that fired or were cancelled is reused or freed.
///   - Only schedule() and reschedule() need memory.
///   - Destroying the queue destroys the remaining values.
///
/// A Value must be movable without throwing, and need not be copyable.
template <class Queue, class Value>
concept TimerQueue = std::default_initializable<Queue> &&
    requires(Queue queue, const Queue& same, std::chrono::nanoseconds time,
             Value value, TimerId id, void (*f)(Value&&)) {
  { queue.schedule(time, std::move(value)) } -> std::same_as<TimerId>;
  { queue.cancel(id) } -> std::same_as<bool>;
  { queue.reschedule(id, time) } -> std::same_as<bool>;
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

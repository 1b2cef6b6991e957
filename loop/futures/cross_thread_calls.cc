#include "loop/futures/cross_thread_calls.h"

#include <exception>
#include <utility>

#include "loop/callbacks/loop_extension.h"
#include "loop/callbacks/running_loop.h"
#include "selectors/errors.h"

namespace loop {

// Other threads may hold the calls for longer than the loop does.
struct CrossThreadCalls::OfLoop : LoopExtension {
  explicit OfLoop(EventLoop& event_loop)
      : calls(std::make_shared<CrossThreadCalls>(event_loop)) {}
  ~OfLoop() override { calls->close(); }
  void after_fork_in_child() override { calls->fail_in_child(); }
  const std::shared_ptr<CrossThreadCalls> calls;
};

std::shared_ptr<CrossThreadCalls> CrossThreadCalls::of(EventLoop& event_loop) {
  return event_loop.extension<OfLoop>().calls;
}

// The calls are destroyed last, as their destructors may run any code.
void CrossThreadCalls::close() { const auto dying = std::exchange(calls_, {}); }

// A call whose thread has finished, but which has not run yet, fails all the
// same: only the other thread could tell.
void CrossThreadCalls::fail_in_child() {
  const auto lost = std::exchange(calls_, {});
  const auto reason = std::make_exception_ptr(selectors::RuntimeError(
      "the thread that ran this does not exist in the child of fork()"));
  for (const auto& [id, call] : lost) call->fail(reason);
}

CrossThreadCalls::Id CrossThreadCalls::add(std::unique_ptr<Call> call) {
  calls_.emplace(++last_id_, std::move(call));
  return Id(last_id_);
}

void CrossThreadCalls::run_soon(Id id) noexcept try {
  // The callback runs before the loop is closed or not at all; so `this`
  // exists.
  loop_.call_soon_threadsafe([this, id] { run(id); });
} catch (const selectors::RuntimeError&) {
  // The loop is closed.
} catch (...) {
  EventLoop::report_without_loop(
      "Cannot call the event loop from another thread");
}

void CrossThreadCalls::run_now_or_soon(Id id) noexcept try {
  EventLoop* const running = RunningLoop::get();
  if (running == nullptr || running->reference() != loop_) return run_soon(id);
  run(id);
} catch (...) {
  EventLoop::report_without_loop("Exception in a call of the event loop");
}

void CrossThreadCalls::run(Id id) {
  const auto call = calls_.extract(number(id));
  if (!call.empty()) call.mapped()->run();
}

}  // namespace loop

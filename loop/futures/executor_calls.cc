#include "loop/futures/executor_calls.h"

#include <exception>
#include <utility>

#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/loop_extension.h"
#include "selectors/errors.h"

namespace loop {

// Other threads may hold the calls for longer than the loop does.
struct ExecutorCalls::OfLoop : LoopExtension {
  explicit OfLoop(EventLoop& event_loop)
      : calls(std::make_shared<ExecutorCalls>(event_loop)) {}
  ~OfLoop() override { calls->close(); }
  void after_fork_in_child() override { calls->fail_in_child(); }
  const std::shared_ptr<ExecutorCalls> calls;
};

std::shared_ptr<ExecutorCalls> ExecutorCalls::of(EventLoop& event_loop) {
  return event_loop.extension<OfLoop>().calls;
}

// They die last, as their destructors may do anything.
void ExecutorCalls::close() { const auto dying = std::exchange(calls_, {}); }

// What has come back already is still to be finished, and fails all the same:
// whether it has cannot be known without asking the other thread.
void ExecutorCalls::fail_in_child() {
  const auto lost = std::exchange(calls_, {});
  const auto reason = std::make_exception_ptr(selectors::RuntimeError(
      "the thread that ran this does not exist in the child of fork()"));
  for (const auto& [id, call] : lost) call->fail(reason);
}

ExecutorCalls::Id ExecutorCalls::add(std::unique_ptr<Call> call) {
  calls_.emplace(++last_id_, std::move(call));
  return Id(last_id_);
}

void ExecutorCalls::finish_soon(Id id) noexcept try {
  // It runs before the loop is closed or not at all; so `this` is there.
  loop_.call_soon_threadsafe([this, id] { finish(id); });
} catch (const selectors::RuntimeError&) {
  // The loop is closed.
} catch (...) {
  EventLoop::default_exception_handler(
      {"Cannot deliver what run_in_executor() called",
       std::current_exception()});
}

void ExecutorCalls::finish(Id id) {
  const auto call = calls_.extract(number(id));
  if (!call.empty()) call.mapped()->finish();
}

}  // namespace loop

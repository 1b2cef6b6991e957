#include "loop/futures/executor_calls.h"

#include <exception>
#include <mutex>
#include <utility>

#include "loop/callbacks/exception_context.h"
#include "selectors/errors.h"

namespace loop {
namespace {

// The open loops that have called an executor.
struct Registry {
  std::mutex mutex;
  std::unordered_map<const EventLoop*, std::shared_ptr<ExecutorCalls>> calls;
};

// Never destroyed, as a loop may be closed at the very end of the program.
Registry& registry() {
  static Registry& the_one = *new Registry;
  return the_one;
}

}  // namespace

std::shared_ptr<ExecutorCalls> ExecutorCalls::of(EventLoop& event_loop) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto found = all.calls.find(&event_loop);
  if (found != all.calls.end()) return found->second;
  auto calls = std::make_shared<ExecutorCalls>(event_loop);
  event_loop.at_close([calls, loop = &event_loop] { calls->close(loop); });
  all.calls.emplace(&event_loop, calls);
  return calls;
}

void ExecutorCalls::close(const EventLoop* event_loop) {
  {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.calls.erase(event_loop);
  }
  // They die last, as their destructors may do anything.
  const auto dying = std::exchange(calls_, {});
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
